/*
 * The nodes of the cluster. Under one hash tag there are
 *   leases   zset   node -> when its lease ends, in ms of Redis
 *   epochs   hash   node -> its registrations so far, as it counts them
 *   leaving  hash   node -> `draining`, or `departed` once it is gone in order
 *   dead     zset   node whose lease is over -> until when somebody is at work on it
 *   graves   zset   node that was cleared away -> when
 *   clock    string when a node was heard last
 */

/**
 * Time in which no node was heard does not count: Redis was away, and whoever comes back first must
 * not bury the others.
 */
const PRELUDE = `
local leases, epochs, leaving, dead, graves, clock = unpack(KEYS)
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)

local function text(number) return string.format('%.0f', number) end

local function keepTime(gapMs, ttl)
  local last = tonumber(redis.call('GET', clock))
  if last and nowMs - last > gapMs then
    for _, node in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
      redis.call('ZINCRBY', leases, text(nowMs - last), node)
    end
  end
  redis.call('SET', clock, text(nowMs), 'PX', ttl)
end

local function fateOf(node)
  if redis.call('ZSCORE', leases, node) then return 'alive' end
  if redis.call('ZSCORE', dead, node) or redis.call('ZSCORE', graves, node) then return 'reaped' end
  return 'lost'
end

local function renew(node, leaseMs, ttl)
  redis.call('ZADD', leases, text(nowMs + leaseMs), node)
  for _, key in ipairs({ leases, epochs, leaving, dead, graves }) do redis.call('PEXPIRE', key, ttl) end
end
`;

/**
 * Begins a lease.
 *
 * KEYS  leases, epochs, leaving, dead, graves, clock
 * ARGV  node, epoch, leaseMs, ttl, gapMs
 * Answers { what had become of the last one: alive, reaped or lost; microseconds of Redis }.
 */
export const REGISTER_NODE = `${PRELUDE}
local node, ttl = ARGV[1], tonumber(ARGV[4])
keepTime(tonumber(ARGV[5]), ttl)
local fate = fateOf(node)
redis.call('HSET', epochs, node, ARGV[2])
redis.call('HDEL', leaving, node)
redis.call('ZREM', dead, node)
redis.call('ZREM', graves, node)
renew(node, tonumber(ARGV[3]), ttl)
return { fate, time[1] * 1000000 + time[2] }
`;

/**
 * Renews a lease, unless it is gone. Says who lives, and hands out the dead: each to one node at a time.
 *
 * KEYS  leases, epochs, leaving, dead, graves, clock
 * ARGV  node, epoch, leaseMs, ttl, gapMs, lockMs, how many of the dead at most, recentMs
 * Answers { alive, reaped or lost; microseconds of Redis;
 *       of each live node: id, ms of its lease, '' or draining or departed;
 *       the dead that are this node's task: id, epoch; all the dead; those buried in the last recentMs }.
 */
export const BEAT = `${PRELUDE}
local node, ttl = ARGV[1], tonumber(ARGV[4])
keepTime(tonumber(ARGV[5]), ttl)
local fate = fateOf(node)
local micros = time[1] * 1000000 + time[2]
if fate ~= 'alive' then return { fate, micros, {}, {}, {}, {} } end
if redis.call('HGET', epochs, node) ~= ARGV[2] then
  return redis.error_reply('STALE The node has registered anew.')
end
renew(node, tonumber(ARGV[3]), ttl)

for _, other in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', '(' .. text(nowMs))) do
  redis.call('ZREM', leases, other)
  redis.call('ZADD', dead, 0, other)
end
local tasks = {}
for _, other in ipairs(redis.call('ZRANGEBYSCORE', dead, '-inf', text(nowMs), 'LIMIT', 0, ARGV[7])) do
  redis.call('ZADD', dead, text(nowMs + tonumber(ARGV[6])), other)
  tasks[#tasks + 1] = other
  tasks[#tasks + 1] = redis.call('HGET', epochs, other) or '0'
end
local live = {}
local found = redis.call('ZRANGE', leases, 0, -1, 'WITHSCORES')
for i = 1, #found, 2 do
  live[#live + 1] = found[i]
  live[#live + 1] = found[i + 1] - nowMs
  live[#live + 1] = redis.call('HGET', leaving, found[i]) or ''
end
local buried = redis.call('ZRANGEBYSCORE', graves, text(nowMs - tonumber(ARGV[8])), '+inf')
return { fate, micros, live, tasks, redis.call('ZRANGE', dead, 0, -1), buried }
`;

/**
 * Says that a node is about to go, or has gone.
 *
 * KEYS  leases, epochs, leaving, dead, graves, clock
 * ARGV  node, how: draining, departed, or empty if it leaves nothing; ms of its lease when departed; ttl
 */
export const LEAVE = `${PRELUDE}
local node, how = ARGV[1], ARGV[2]
if not redis.call('ZSCORE', leases, node) then return 0 end
if how == 'empty' then
  redis.call('ZREM', leases, node)
  redis.call('HDEL', epochs, node)
  redis.call('HDEL', leaving, node)
  return 1
end
redis.call('HSET', leaving, node, how)
redis.call('PEXPIRE', leaving, ARGV[4])
if how == 'departed' then redis.call('ZADD', leases, text(nowMs + tonumber(ARGV[3])), node) end
return 1
`;

/**
 * KEYS  leases, epochs, leaving, dead, graves, clock
 * ARGV  node, lockMs
 * Keeps a dead node to oneself for a while longer. Answers 0 when it is dead no more.
 */
export const KEEP_TASK = `${PRELUDE}
if not redis.call('ZSCORE', dead, ARGV[1]) then return 0 end
redis.call('ZADD', dead, text(nowMs + tonumber(ARGV[2])), ARGV[1])
return 1
`;

/**
 * Forgets a dead node of which nothing is left.
 *
 * KEYS  leases, epochs, leaving, dead, graves, clock
 * ARGV  node, epoch of the registration that is over, ttl
 * Answers 1 if it was done now, 0 if somebody else did it, or the node has registered anew.
 */
export const BURY = `${PRELUDE}
local node = ARGV[1]
local epoch = tonumber(redis.call('HGET', epochs, node))
if epoch and epoch > tonumber(ARGV[2]) then return 0 end
if redis.call('ZREM', dead, node) == 0 then return 0 end
redis.call('HDEL', epochs, node)
redis.call('HDEL', leaving, node)
redis.call('ZREMRANGEBYSCORE', graves, '-inf', text(nowMs - tonumber(ARGV[3])))
redis.call('ZADD', graves, text(nowMs), node)
redis.call('PEXPIRE', graves, ARGV[3])
return 1
`;
