/* The connections of an application: a hash, node -> epoch of its registration, colon, how many. */

/**
 * Says how many connections a node has, and lets further ones in as far as their limits allow.
 *
 * KEYS  connections
 * ARGV  node, epoch, ttl, how many, then for each further one its limit
 * Answers 1 for each that is in, 0 for each that is refused.
 */
export const OPEN_CONNECTIONS = `
local node, epoch = ARGV[1], tonumber(ARGV[2])
local total, answer = tonumber(ARGV[4]), {}
local counts = #ARGV > 4 and redis.call('HGETALL', KEYS[1]) or { node, redis.call('HGET', KEYS[1], node) }
for i = 1, #counts, 2 do
  if counts[i] == node then
    local mark = counts[i + 1] and tonumber(string.match(counts[i + 1], '^%d+'))
    if mark and mark > epoch then return redis.error_reply('STALE The node has registered anew.') end
  else
    total = total + tonumber(string.match(counts[i + 1], '%d+$'))
  end
end
local count = tonumber(ARGV[4])
for i = 5, #ARGV do
  answer[i - 4] = total < tonumber(ARGV[i]) and 1 or 0
  total = total + answer[i - 4]
  count = count + answer[i - 4]
end
redis.call('HSET', KEYS[1], node, string.format('%d:%d', epoch, count))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return answer
`;

/**
 * KEYS  connections
 * ARGV  node, epoch of the registration that is over
 */
export const FORGET_CONNECTIONS = `
local count = redis.call('HGET', KEYS[1], ARGV[1])
if count and tonumber(string.match(count, '^%d+')) <= tonumber(ARGV[2]) then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return 1
`;
