// What a dashboard does: it logs on, watches a topic and its orders, and places one.
// Prints a line of JSON for each thing that happens.  Arguments: URL, API key, secret.
import { createHmac } from "node:crypto";
import { Client } from "@stomp/stompjs";
import WebSocket from "ws";

const [url, key, secret] = process.argv.slice(2);
const say = (what, about) => console.log(JSON.stringify({ what, ...about }));
const client = new Client({
  webSocketFactory: () => new WebSocket(url, client.stompVersions.protocolVersions()),
  reconnectDelay: 200,
  heartbeatIncoming: 1000,
  heartbeatOutgoing: 1000,
});

// A login is good for seconds: it is signed anew before each connection.
client.beforeConnect = () => {
  const timestamp = String(Date.now());
  const passcode = createHmac("sha256", secret).update(`apiKey=${key}&timestamp=${timestamp}`).digest("hex");
  client.connectHeaders = { login: key, passcode, timestamp };
};
client.onStompError = (frame) => say("error", { message: frame.headers.message });

let connections = 0;
client.onConnect = () => {
  connections += 1;
  say("connected", { version: client.connectedVersion, connections });
  client.subscribe("/topic/orderbook/BTCUSDT", (message) => say("book", { body: JSON.parse(message.body) }));
  client.subscribe("/user/queue/errors", (message) => say("refused", { body: JSON.parse(message.body) }));
  client.subscribe("/user/queue/orders", (message) => {
    say("report", { body: JSON.parse(message.body) });
    // The line breaks: it connects again by itself.
    if (connections === 1) client.forceDisconnect();
  });
  const order = { symbol: "BTCUSDT", side: "BUY", type: "LIMIT", timeInForce: "GTC", quantity: "0.01", price: "45000" };
  if (connections === 1) {
    client.publish({ destination: "/app/orders", body: JSON.stringify({ ...order, side: "UP" }) });
    client.watchForReceipt("placed", () => say("placed", {}));
    client.publish({ destination: "/app/orders", body: JSON.stringify(order), headers: { receipt: "placed" } });
  } else {
    client.deactivate().then(() => say("done", {}));
  }
};
client.activate();
setTimeout(() => process.exit(1), 60000).unref();
