#!lua flags=no-writes
-- A book as one moment has it.
-- KEYS[1]: the book.  ARGV[1]: levels of each side at most.
-- Gives {update id or "", needs, bids, asks}; a side is prices and quantities in turns, best first.

local function side(command, name)
  local levels = {}
  local prices = redis.call(command, KEYS[1] .. name, 0, tonumber(ARGV[1]) - 1)
  for first = 1, #prices, 3600 do
    local last = math.min(first + 3599, #prices)
    for place, quantity in ipairs(redis.call('HMGET', KEYS[1], unpack(prices, first, last))) do
      levels[#levels + 1] = prices[first + place - 1]
      levels[#levels + 1] = quantity
    end
  end
  return levels
end

local state = redis.call('HMGET', KEYS[1] .. ':state', 'update_id', 'needs')
return {state[1] or '', state[2] or '0', side('ZREVRANGE', ':bids'), side('ZRANGE', ':asks')}
