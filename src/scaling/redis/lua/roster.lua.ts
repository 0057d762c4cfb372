/*
 * A roster: users, each held by one node or more. Under one hash tag there are
 *   state    hash   `version`, and for each node that takes part the epoch of its registration
 *   members  hash   user -> who it is, as JSON; not of signed-in users
 *   holders  hash   user -> how many nodes hold it
 *   own      set    the users one node holds
 * and of signed-in users, or places, which are kept like users, alone
 *   leaving  zset   user -> when its grace ends, in ms of Redis
 *   claimed  zset   user whose grace has ended -> until when somebody is about to say so
 * An empty roster leaves its state behind for a minute, so that its version and its epochs outlive it
 * for as long as a late command may be under way.
 */

/** What the scripts of a roster share. */
const PRELUDE = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local nowMicros = time[1] * 1000000 + time[2]

local function remember(state, holders, version, ttl)
  redis.call('HSET', state, 'version', string.format('%.0f', version))
  if redis.call('EXISTS', holders) == 0 then ttl = math.min(ttl, 60000) end
  redis.call('PEXPIRE', state, ttl)
end

local function letGo(members, holders, user)
  if redis.call('HINCRBY', holders, user, -1) > 0 then return false end
  redis.call('HDEL', holders, user)
  redis.call('HDEL', members, user)
  return true
end
`;

/**
 * Takes users in and out for one node, in the order given, and tells for each what came of it.
 *
 * KEYS  state, members, holders, own [, leaving, claimed]
 * ARGV  node, epoch, ttl, renewBelow, isMarkKept, list, then for each user four:
 *       'hold', user, JSON, limit  or  'drop', user, graceMs, ''
 *       renewBelow: a version below it is of a time whose end was lost, and skips to a new one
 *       isMarkKept: the epoch stays, even if the node holds nobody, so that late commands are refused
 *       list: up to so many users the node holds are told
 * Answers { version, how many the node holds, 1 if the node took part before, 1 if the version skipped,
 *       users it holds or nothing if they are too many, then for each user two:
 *       1 came or went, 2 came back within its grace, 0 nothing new, -1 there is no room; version }.
 * A registration that is over is refused: a command of a connection that was lost may come late.
 */
export const CHANGE_ROSTER = `${PRELUDE}
local state, members, holders, own, leaving, claimed = unpack(KEYS)
local node, epoch, ttl = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local known = redis.call('HMGET', state, 'version', node)
local mark = tonumber(known[2])
if mark and mark > epoch then return redis.error_reply('STALE The node has registered anew.') end

local version = tonumber(known[1])
local skipped = version and version < tonumber(ARGV[4])
if skipped then version = math.max(nowMicros, version + 1) end
version = version or nowMicros

local function hold(user, json, limit)
  if redis.call('SISMEMBER', own, user) == 1 then return 0 end
  if limit > 0 and redis.call('HEXISTS', holders, user) == 0
    and redis.call('HLEN', holders) >= limit then return -1 end
  redis.call('SADD', own, user)
  if redis.call('HINCRBY', holders, user, 1) > 1 then return 0 end
  if json ~= '' then redis.call('HSET', members, user, json) end
  version = version + 1
  if leaving then
    redis.call('ZREM', claimed, user)
    if redis.call('ZREM', leaving, user) == 1 then return 2 end
  end
  return 1
end

local function drop(user, graceMs)
  if redis.call('SREM', own, user) == 0 or not letGo(members, holders, user) then return 0 end
  version = version + 1
  if graceMs > 0 then
    redis.call('ZADD', leaving, string.format('%.0f', nowMs + graceMs), user)
    local leavingTtl = math.max(ttl, graceMs + 60000)
    if redis.call('PTTL', leaving) < leavingTtl then redis.call('PEXPIRE', leaving, leavingTtl) end
  end
  return 1
end

local answer = { version, 0, known[2] and 1 or 0, skipped and 1 or 0, false }
for i = 7, #ARGV, 4 do
  local outcome
  if ARGV[i] == 'hold' then
    outcome = hold(ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3]))
  else
    outcome = drop(ARGV[i + 1], tonumber(ARGV[i + 2]))
  end
  answer[#answer + 1] = outcome
  answer[#answer + 1] = version
end

local size = redis.call('SCARD', own)
if size > 0 or ARGV[5] == '1' then
  if mark ~= epoch then redis.call('HSET', state, node, epoch) end
elseif mark then
  redis.call('HDEL', state, node)
end
remember(state, holders, version, ttl)
redis.call('PEXPIRE', members, ttl)
redis.call('PEXPIRE', holders, ttl)
redis.call('PEXPIRE', own, ttl)
answer[1] = version
answer[2] = size
local list = tonumber(ARGV[6])
if list > 0 and size <= list then answer[5] = redis.call('SMEMBERS', own) end
return answer
`;

/**
 * KEYS  state, members
 * ARGV  the version that is known already
 * Answers { version }, and the members, by user, unless the version is known.
 */
export const READ_ROSTER = `
local version = redis.call('HGET', KEYS[1], 'version')
if version == ARGV[1] then return { tonumber(version) } end
if not version then
  local time = redis.call('TIME')
  version = time[1] * 1000000 + time[2]
end
return { tonumber(version), redis.call('HGETALL', KEYS[2]) }
`;

/**
 * Takes out users of a node that is dead.
 *
 * KEYS  state, members, holders, own [, leaving]
 * ARGV  node, epoch of the registration that is over, ttl, how many at most
 * Answers { version, 1 if there are more, the users who are gone with it }. Signed-in users have no
 * grace then. Does nothing when the node has registered anew.
 */
export const REAP_ROSTER = `${PRELUDE}
local state, members, holders, own, leaving = unpack(KEYS)
local ttl = tonumber(ARGV[3])
local known = redis.call('HMGET', state, 'version', ARGV[1])
local mark = tonumber(known[2])
if mark and mark > tonumber(ARGV[2]) then return { 0, 0, {} } end
local version = tonumber(known[1]) or nowMicros
local left = {}
for _, user in ipairs(redis.call('SPOP', own, ARGV[4])) do
  if letGo(members, holders, user) then
    version = version + 1
    left[#left + 1] = user
    if leaving then redis.call('ZADD', leaving, string.format('%.0f', nowMs), user) end
  end
end
if leaving and redis.call('PTTL', leaving) < ttl then redis.call('PEXPIRE', leaving, ttl) end
local more = redis.call('EXISTS', own)
if more == 0 then redis.call('HDEL', state, ARGV[1]) end
if known[1] then remember(state, holders, version, ttl) end
return { version, more, left }
`;

/**
 * Takes out those whose grace is over, for the caller to say so. It has to come back and tell that it
 * did, or else somebody else will be asked to.
 *
 * KEYS  leaving, claimed, state, holders
 * ARGV  ttl, how many at most, ms until somebody else is asked, then those of whom it was said
 * Answers { ms until there are others, -1 if nobody is left, the users, the version }.
 */
export const END_GRACES = `${PRELUDE}
local leaving, claimed, state, holders = unpack(KEYS)
local ttl = tonumber(ARGV[1])
for i = 4, #ARGV do redis.call('ZREM', claimed, ARGV[i]) end
local users = {}
for _, key in ipairs({ leaving, claimed }) do
  local due = redis.call('ZRANGEBYSCORE', key, '-inf', string.format('%.0f', nowMs), 'LIMIT', 0, ARGV[2])
  for _, user in ipairs(due) do
    redis.call('ZREM', leaving, user)
    redis.call('ZADD', claimed, string.format('%.0f', nowMs + tonumber(ARGV[3])), user)
    users[#users + 1] = user
  end
end
redis.call('PEXPIRE', claimed, ttl)
local nextMs = -1
for _, key in ipairs({ leaving, claimed }) do
  local first = tonumber(redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2])
  if first and (nextMs == -1 or first - nowMs < nextMs) then nextMs = math.max(0, first - nowMs) end
end
local version = 0
if #users > 0 then
  version = (tonumber(redis.call('HGET', state, 'version')) or nowMicros) + 1
  remember(state, holders, version, ttl)
end
return { nextMs, users, version }
`;

/**
 * Puts graces back that were lost.
 *
 * KEYS  holders, leaving
 * ARGV  ttl, then for each user two: user, ms that are left of its grace
 */
export const KEEP_LEAVING = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 2, #ARGV, 2 do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 0 then
    redis.call('ZADD', KEYS[2], 'NX', string.format('%.0f', nowMs + ARGV[i + 1]), ARGV[i])
  end
end
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[2], ARGV[1]) end
return redis.call('ZCARD', KEYS[2])
`;

/**
 * KEYS  holders, leaving
 * ARGV  users
 * Answers 1 for each who is held, or in its grace, else 0.
 */
export const ARE_ONLINE = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = {}
for i, user in ipairs(ARGV) do
  answer[i] = redis.call('HEXISTS', KEYS[1], user)
  if answer[i] == 0 then
    local due = tonumber(redis.call('ZSCORE', KEYS[2], user))
    if due and due > nowMs then answer[i] = 1 end
  end
end
return answer
`;
