/*
 * The webhooks of all applications. Under one hash tag there are
 *   lanes         set    lanes in which events wait; a lane is called `<app> <endpoint>`
 *   lane <lane>   list   its events: ms when it happened, ms when it came into the lane, JSON
 *   state <lane>  hash   `owner`: who is at work on it; `failures` in a row; `limit` of its next batch
 *   told          hash   `<app> <place>` -> version of the last change that was queued, 1 or 0 if occupied
 *   gone          zset   those of them that are not occupied -> ms since when; forgotten after a while
 *   origin <node> string number of the last entry that a node queued
 *   dead <app>    hash   id -> JSON of lane, ms, attempts, cause, event
 *   order <app>   zset   id -> id
 *   serial        string number of the last dead letter
 * and, below `deliveries`, what BullMQ keeps: one job for each lane in which events wait.
 */

/** What the scripts share. */
const PRELUDE = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local function text(number) return string.format('%.0f', number) end
`;

/**
 * Puts events into lanes. What was put there before, by its number, is left out; so is what a place is
 * said to be when it was said to be so before, or when a later change was told already.
 *
 * KEYS  lanes, told, gone, origin
 * ARGV  prefix of keys of lanes, how many events of a lane at most, ttl, ms that a vacant place is known,
 *       then for each entry: number, event, `<app> <place>` or nothing, 1 or 0, version,
 *       how many lanes, lanes
 * Answers { how many found their lane full, lanes to be looked at }.
 */
export const QUEUE_WEBHOOKS = `${PRELUDE}
local lanes, told, gone, origin = unpack(KEYS)
local prefix, limit, ttl = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local last = tonumber(redis.call('GET', origin)) or 0
local full, touched = 0, {}

local function isNews(place, state, version)
  if place == '' then return true end
  local known = redis.call('HGET', told, place)
  local knownVersion, knownState = string.match(known or '', '^(%d+) (%d)$')
  if knownVersion and tonumber(version) <= tonumber(knownVersion) then return false end
  redis.call('HSET', told, place, version .. ' ' .. state)
  if state == '0' then
    redis.call('ZADD', gone, text(nowMs), place)
  else
    redis.call('ZREM', gone, place)
  end
  return state ~= knownState
end

local i = 5
while i <= #ARGV do
  local number, count = tonumber(ARGV[i]), tonumber(ARGV[i + 5])
  local isNew = number > last
  if isNew then last = number end
  isNew = isNew and isNews(ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
  for j = i + 6, i + 5 + count do
    local lane = ARGV[j]
    touched[lane] = true
    if isNew then
      local key = prefix .. lane
      if redis.call('LLEN', key) >= limit then
        full = full + 1
      else
        redis.call('RPUSH', key, ARGV[i + 1])
        redis.call('PEXPIRE', key, ttl)
        redis.call('SADD', lanes, lane)
      end
    end
  end
  i = i + 6 + count
end

local old = redis.call('ZRANGEBYSCORE', gone, '-inf', text(nowMs - ARGV[4]), 'LIMIT', 0, 100)
for _, place in ipairs(old) do
  redis.call('HDEL', told, place)
  redis.call('ZREM', gone, place)
end
redis.call('SET', origin, text(last), 'PX', ttl)
for _, key in ipairs({ lanes, told, gone }) do redis.call('PEXPIRE', key, ttl) end
local answer = { full }
for lane in pairs(touched) do answer[#answer + 1] = lane end
return answer
`;

/**
 * Begins a batch: whoever was at work on the lane is not any more.
 *
 * KEYS  lane, state, lanes
 * ARGV  owner, how many events at most, bytes at most, ttl, lane
 * Answers { failures in a row, events }.
 */
export const BEGIN_BATCH = `
local lane, state, lanes = unpack(KEYS)
local known = redis.call('HMGET', state, 'failures', 'limit')
local count = math.min(tonumber(ARGV[2]), tonumber(known[2]) or tonumber(ARGV[2]))
local events = redis.call('LRANGE', lane, 0, count - 1)
if #events == 0 then
  redis.call('DEL', state)
  redis.call('SREM', lanes, ARGV[5])
  return { 0 }
end
redis.call('HSET', state, 'owner', ARGV[1])
redis.call('PEXPIRE', state, ARGV[4])
redis.call('PEXPIRE', lane, ARGV[4])
local answer, bytes = { tonumber(known[1]) or 0 }, 0
for i, event in ipairs(events) do
  bytes = bytes + #event
  if i > 1 and bytes > tonumber(ARGV[3]) then break end
  answer[i + 1] = event
end
return answer
`;

/**
 * Ends a batch, once: whoever does not know whether it was ended may try again.
 *
 * KEYS  lane, state, lanes, dead, order, serial
 * ARGV  owner, lane, ttl, how many events leave, why they died or nothing, 1 if the endpoint failed,
 *       limit of the next batch or nothing, how many dead letters at most
 * Answers how many events are left, -1 when the batch was ended before, or somebody else is at work on the lane.
 */
export const END_BATCH = `${PRELUDE}
local lane, state, lanes, dead, order, serial = unpack(KEYS)
local owner, name, ttl, taken, cause = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
if redis.call('HGET', state, 'owner') ~= owner then return -1 end
redis.call('HDEL', state, 'owner')
local attempts = (tonumber(redis.call('HGET', state, 'failures')) or 0) + 1
if taken > 0 and cause ~= '' then
  for _, event in ipairs(redis.call('LRANGE', lane, 0, taken - 1)) do
    local id = redis.call('INCR', serial)
    local letter = cjson.encode({ name, text(nowMs), text(attempts), cause, event })
    redis.call('HSET', dead, id, letter)
    redis.call('ZADD', order, id, id)
  end
  local surplus = redis.call('ZCARD', order) - tonumber(ARGV[8])
  if surplus > 0 then
    for _, id in ipairs(redis.call('ZRANGE', order, 0, surplus - 1)) do
      redis.call('HDEL', dead, id)
      redis.call('ZREM', order, id)
    end
  end
  for _, key in ipairs({ dead, order, serial }) do redis.call('PEXPIRE', key, ttl) end
end
if taken > 0 then redis.call('LTRIM', lane, taken, -1) end
local left = redis.call('LLEN', lane)
if left == 0 then
  redis.call('DEL', state)
  redis.call('SREM', lanes, name)
  return 0
end
if ARGV[6] == '1' then
  redis.call('HSET', state, 'failures', text(attempts))
else
  redis.call('HDEL', state, 'failures')
end
if ARGV[7] == '' then redis.call('HDEL', state, 'limit') else redis.call('HSET', state, 'limit', ARGV[7]) end
return left
`;

/**
 * Puts dead letters at the end of their lanes.
 *
 * KEYS  dead, order, lanes
 * ARGV  prefix of keys of lanes, how many events of a lane at most, ttl, ids
 * Answers { how many, lanes to be looked at }.
 */
export const RESEND_DEAD = `${PRELUDE}
local dead, order, lanes = unpack(KEYS)
local count, touched = 0, {}
for i = 4, #ARGV do
  local letter = redis.call('HGET', dead, ARGV[i])
  if letter then
    local lane, _, _, _, event = unpack(cjson.decode(letter))
    local key = ARGV[1] .. lane
    if redis.call('LLEN', key) < tonumber(ARGV[2]) then
      local at, rest = string.match(event, '^(%d+) %d+ (.*)$')
      redis.call('RPUSH', key, at .. ' ' .. text(nowMs) .. ' ' .. rest)
      redis.call('PEXPIRE', key, ARGV[3])
      redis.call('SADD', lanes, lane)
      redis.call('PEXPIRE', lanes, ARGV[3])
      redis.call('HDEL', dead, ARGV[i])
      redis.call('ZREM', order, ARGV[i])
      count = count + 1
      touched[lane] = true
    end
  end
end
local answer = { count }
for lane in pairs(touched) do answer[#answer + 1] = lane end
return answer
`;
