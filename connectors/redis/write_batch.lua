#!lua
-- Writes one batch and its positions, or nothing at all where the positions are not as expected.
--
-- KEYS[1]: the hash of positions.
-- ARGV: how many places; of each its name, the position that must be there ("": none) and the new
-- one; then operations: a name, single values, lists.  A list is its length and its values.
--
-- Gives {1, number of values written}, or {0, place, position that is there}.
--
-- Positions are written last, and every operation gives the same when it is done again: should the
-- server refuse a command in the middle, the batch comes again and nothing is doubled.

-- Lua's stack takes some 8 000 values at once; a multiple of 2, 3 and 5.
local PART = 3600

local at = 0
local written = 0

local function value()
  at = at + 1
  return ARGV[at]
end

local function list()
  local length = tonumber(value())
  local first = at + 1
  at = at + length
  return {first = first, last = at, length = length}
end

local function call(command, key, values)
  local first = values.first
  while first <= values.last do
    local last = math.min(first + PART - 1, values.last)
    redis.call(command, key, unpack(ARGV, first, last))
    first = last + 1
  end
end

local operations = {}

function operations.set()
  redis.call('SET', value(), value())
  written = written + 1
end

function operations.set_until()
  local key, content, seconds = value(), value(), value()
  redis.call('SET', key, content, 'EXAT', seconds)
  written = written + 1
end

function operations.hash()
  call('HSET', value(), list())
  written = written + 1
end

function operations.members()
  local key, form_key, form = value(), value(), value()
  call('SADD', key, list())
  redis.call('SET', form_key, form)
end

function operations.forget()
  local keys = list()
  for place = keys.first, keys.last, PART do
    redis.call('UNLINK', unpack(ARGV, place, math.min(place + PART - 1, keys.last)))
  end
end

function operations.publish()
  local channel, messages = value(), list()
  for place = messages.first, messages.last do
    redis.call('PUBLISH', channel, ARGV[place])
  end
end

-- --- books ---------------------------------------------------------------------------------------

local function touch(key, id, values, width)
  for place = values.first, values.last, width do
    redis.call('HSET', key, ARGV[place], id)
  end
end

-- Whether somebody has removed a part of it: each level is in the hash and on one side.
local function is_torn(book)
  local sides = redis.call('ZCARD', book .. ':bids') + redis.call('ZCARD', book .. ':asks')
  return redis.call('HLEN', book) ~= sides
end

function operations.book()
  local book, first, last, time = value(), tonumber(value()), value(), value()
  local gone_bids, gone_asks = list(), list()
  -- price, quantity; ticks, price; ticks, price
  local levels, bids, asks = list(), list(), list()
  local known = redis.call('HMGET', book .. ':state', 'update_id', 'needs')
  local before = tonumber(known[1] or '0')
  if tonumber(last) <= before then
    return
  end
  local needs = known[2] or '0'
  if first > before + 1 then
    needs = string.format('%.0f', first - 1)
  end
  -- Removals first: in one update a price may leave one side and come on the other.
  call('HDEL', book, gone_bids)
  call('ZREM', book .. ':bids', gone_bids)
  call('HDEL', book, gone_asks)
  call('ZREM', book .. ':asks', gone_asks)
  call('HSET', book, levels)
  call('ZADD', book .. ':bids', bids)
  call('ZADD', book .. ':asks', asks)
  if needs ~= '0' then
    touch(book .. ':touched', last, gone_bids, 1)
    touch(book .. ':touched', last, gone_asks, 1)
    touch(book .. ':touched', last, levels, 2)
  elseif is_torn(book) then
    needs = last
  end
  redis.call('HSET', book .. ':state', 'update_id', last, 'time_ms', time, 'needs', needs)
  written = written + gone_bids.length + gone_asks.length + levels.length / 2
end

-- Prices that changed after a snapshot was taken: what the book has of them is newer.
local function newer_than(book, id)
  local newer = {}
  local touched = redis.call('HGETALL', book .. ':touched')
  for place = 1, #touched, 2 do
    if tonumber(touched[place + 1]) > id then
      newer[touched[place]] = true
    end
  end
  return newer
end

local function replace_side(book, side, newer, levels)
  for _, price in ipairs(redis.call('ZRANGE', side, 0, -1)) do
    if not newer[price] then
      redis.call('ZREM', side, price)
    end
  end
  for place = levels.first, levels.last, 3 do
    local ticks, price, quantity = ARGV[place], ARGV[place + 1], ARGV[place + 2]
    if not newer[price] then
      redis.call('ZADD', side, ticks, price)
      redis.call('HSET', book, price, quantity)
      written = written + 1
    end
  end
end

function operations.snapshot()
  local book, last, time, is_cut = value(), value(), value(), value() == '1'
  local bids, asks = list(), list()
  local id = tonumber(last)
  local known = redis.call('HMGET', book .. ':state', 'update_id', 'needs')
  local before, needs = tonumber(known[1] or '0'), tonumber(known[2] or '0')
  if before == 0 then
    -- Deep levels that are left out would never come: the updates may be whole.
    if is_cut then
      return
    end
  elseif needs == 0 or id < needs then
    return
  end
  local newer = newer_than(book, id)
  for _, price in ipairs(redis.call('HKEYS', book)) do
    if not newer[price] then
      redis.call('HDEL', book, price)
    end
  end
  replace_side(book, book .. ':bids', newer, bids)
  replace_side(book, book .. ':asks', newer, asks)
  redis.call('DEL', book .. ':touched')
  redis.call('HSET', book .. ':state', 'needs', '0')
  if id > before then
    redis.call('HSET', book .. ':state', 'update_id', last, 'time_ms', time)
  end
end

-- --- candles, in order of their opening ----------------------------------------------------------

local function oldest_kept(last_there, candles, width, retention)
  local newest = tonumber(ARGV[candles.last - width + 1])
  return math.max(newest, last_there or newest) - tonumber(retention)
end

function operations.series()
  local key, retention, symbol, interval, candles = value(), value(), value(), value(), list()
  local fields = {'open', 'high', 'low', 'close', 'volume'}
  local keys = {key .. ':open', key .. ':high', key .. ':low', key, key .. ':volume'}
  if redis.call('EXISTS', unpack(keys)) < #keys then
    for number, field in ipairs(fields) do
      if redis.call('EXISTS', keys[number]) == 0 then
        redis.call('TS.CREATE', keys[number], 'RETENTION', retention, 'DUPLICATE_POLICY', 'LAST',
          'LABELS', 'symbol', symbol, 'interval', interval, 'field', field)
      end
    end
  end
  local oldest = oldest_kept(redis.call('TS.GET', key)[1], candles, 6, retention)
  local samples = {}
  local function add()
    for _, reply in ipairs(#samples > 0 and redis.call('TS.MADD', unpack(samples)) or {}) do
      if type(reply) == 'table' and reply.err then
        error(reply)
      end
    end
    samples = {}
  end
  for place = candles.first, candles.last, 6 do
    if tonumber(ARGV[place]) >= oldest then
      for number, name in ipairs(keys) do
        local size = #samples
        samples[size + 1], samples[size + 2] = name, ARGV[place]
        samples[size + 3] = ARGV[place + number]
      end
      written = written + 1
    end
    if #samples >= PART then
      add()
    end
  end
  add()
end

function operations.sorted()
  local key, retention, candles = value(), value(), list()
  local last = tonumber(redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')[2])
  local oldest = oldest_kept(last, candles, 2, retention)
  for place = candles.first, candles.last, 2 do
    local opening = ARGV[place]
    if tonumber(opening) >= oldest then
      redis.call('ZREMRANGEBYSCORE', key, opening, opening)
      redis.call('ZADD', key, opening, ARGV[place + 1])
      written = written + 1
    end
  end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('(%.0f', oldest))
end

-- --- the batch -----------------------------------------------------------------------------------

-- Where it is, for whoever reads of an error.
local key = KEYS[1]

local function write()
  local positions = {}
  for _ = 1, tonumber(value()) do
    local place, expected, new = value(), value(), value()
    local there = redis.call('HGET', KEYS[1], place) or ''
    if there ~= expected then
      return {0, place, there}
    end
    positions[#positions + 1] = place
    positions[#positions + 1] = new
  end
  while at < #ARGV do
    local operation = value()
    key = ARGV[at + 1]
    operations[operation]()
  end
  key = KEYS[1]
  for place = 1, #positions, PART do
    redis.call('HSET', KEYS[1], unpack(positions, place, math.min(place + PART - 1, #positions)))
  end
  return {1, written}
end

local is_done, answer = pcall(write)
if not is_done then
  local said = type(answer) == 'table' and answer.err or tostring(answer)
  -- RedisTimeSeries gives the rest of its answer behind the first line.
  return redis.error_reply(string.match(said, '[^\r\n]*') .. ' at ' .. key)
end
return answer
