"""The gateway's tests.  A part of the gateway has a folder here of the same name; ``account`` and
``lists`` place and ask for orders, ``client_trading`` and ``other_clients`` do so as clients do.

What stands beside the tests at the top, from the least to the most that it starts:

- ``memory_keys``, ``made_trades``: keys and a market that are made up;
- ``gateway_parts``, ``standing_gateway``: the parts of a gateway, without broker and sockets;
- ``offline_gateway``: its application, told by the test what the log would tell;
- ``bare_streams``, ``standing_server``: streams, or any routes, on a socket, without a broker;
- ``running_exchange``: broker, stages and clock, and a gateway on a thread (see ``conftest``);
- ``keyless_gateway``, ``gateway_command``, ``probed_gateway``: gateways in processes of their own;
- ``market_load``, ``swept_market``, ``trader``: who trades without the gateway; ``market_log``:
  what the log says of it;
- ``signed_client`` (REST), ``socket_client`` (WebSocket API), ``stream_client`` (streams),
  ``listening_account``, ``local_book``: plain clients;
- ``slow_client``, ``swarm``: one that does not read, many that do;
- ``remembering_client``, ``watching_client``: clients that outlive a gateway that is killed;
- ``unchanged_clients``, ``client_libraries``: Binance's own.
"""
