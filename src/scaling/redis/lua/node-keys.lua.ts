/*
 * What one node keeps for itself, and for whoever buries it. Under one hash tag there are
 *   epoch                of its registration
 *   rosters              set of the rosters in which it holds somebody
 *   applications         set of the applications it has anything of
 *   subscriptions <app>  hash: channel -> how many of its connections are subscribed
 */

const CHECK_EPOCH = `
local epoch = tonumber(ARGV[1])
local mark = tonumber(redis.call('GET', KEYS[1]))
if mark and mark > epoch then return redis.error_reply('STALE The node has registered anew.') end
`;

/**
 * Puts names into a set of the node, or takes them out.
 *
 * KEYS  epoch, set
 * ARGV  epoch, ttl, 'SADD' or 'SREM', names
 */
export const ENLIST = `${CHECK_EPOCH}
redis.call('SET', KEYS[1], epoch, 'PX', ARGV[2])
for i = 4, #ARGV do redis.call(ARGV[3], KEYS[2], ARGV[i]) end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return redis.call('SCARD', KEYS[2])
`;

/**
 * KEYS  epoch, subscriptions
 * ARGV  epoch, ttl, 1 to begin with none, then for each channel two: channel, how many
 * Answers how many channels there are.
 */
export const SET_SUBSCRIPTIONS = `${CHECK_EPOCH}
if ARGV[3] == '1' then redis.call('DEL', KEYS[2]) end
for i = 4, #ARGV, 2 do
  if ARGV[i + 1] == '0' then
    redis.call('HDEL', KEYS[2], ARGV[i])
  else
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return redis.call('HLEN', KEYS[2])
`;

/**
 * KEYS  epoch, then all the others
 * ARGV  epoch of the registration that is over
 * Removes what a node kept. Answers 0 when it has registered anew.
 */
export const CLEAR_NODE = `
local mark = tonumber(redis.call('GET', KEYS[1]))
if mark and mark > tonumber(ARGV[1]) then return 0 end
redis.call('DEL', unpack(KEYS))
return 1
`;
