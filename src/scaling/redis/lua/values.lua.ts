/* Single values: answers, cached events and buckets. */

/**
 * Asks for an answer, and takes it upon oneself to make it if there is none and nobody is at it.
 * A value is 'L' and the token of who is making it, or 'A' and the answer.
 *
 * KEYS  answer
 * ARGV  token, ms that are given
 * Answers the value; with the own token it is to be made.
 */
export const CLAIM_ANSWER = `
local value = redis.call('GET', KEYS[1])
if value then return value end
redis.call('SET', KEYS[1], 'L' .. ARGV[1], 'PX', ARGV[2])
return 'L' .. ARGV[1]
`;

/**
 * KEYS  answer
 * ARGV  token, ms that are given
 * Gives more time to who makes an answer.
 */
export const KEEP_CLAIM = `
local value = redis.call('GET', KEYS[1])
if value and value ~= 'L' .. ARGV[1] then return 0 end
redis.call('SET', KEYS[1], 'L' .. ARGV[1], 'PX', ARGV[2])
return 1
`;

/**
 * KEYS  answer
 * ARGV  'A' and the answer, ms that it is remembered
 * Answers what is remembered: the first, should two have been made.
 */
export const STORE_ANSWER = `
local value = redis.call('GET', KEYS[1])
if value and string.sub(value, 1, 1) == 'A' then return value end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
`;

/**
 * KEYS  answer
 * ARGV  token
 * Leaves it to others to make an answer.
 */
export const GIVE_UP_CLAIM = `
if redis.call('GET', KEYS[1]) == 'L' .. ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`;

/**
 * Restores an event, unless a later one is there. A value is the ms of the day it was published, a
 * colon, and the event; or nothing behind the colon, if it was forgotten then.
 *
 * KEYS  event
 * ARGV  value, ms that it is remembered
 */
export const RESTORE_EVENT = `
local value = redis.call('GET', KEYS[1])
local function timeOf(text) return tonumber(string.match(text, '^%d+')) end
if value and timeOf(value) >= timeOf(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`;

/**
 * Forgets an event. That it was forgotten is kept as long as the event would have been, and is no
 * earlier than the event, whatever the clocks say: no node can restore it.
 *
 * KEYS  event
 * ARGV  ms of the day
 * Answers whether there was one.
 */
export const FORGET_EVENT = `
local value = redis.call('GET', KEYS[1])
local ms = redis.call('PTTL', KEYS[1])
if not value or ms <= 0 or string.sub(value, -1) == ':' then return 0 end
local time = ARGV[1]
local published = string.match(value, '^%d+')
if tonumber(published) > tonumber(time) then time = published end
redis.call('SET', KEYS[1], time .. ':', 'PX', ms)
return 1
`;

/**
 * KEYS  bucket
 * ARGV  amount, limit, ms of a window
 * Answers 1, or 0 and takes nothing when that is more than is left.
 */
export const TAKE_FROM_BUCKET = `
local used = tonumber(redis.call('GET', KEYS[1]) or 0)
if used + tonumber(ARGV[1]) > tonumber(ARGV[2]) then return 0 end
redis.call('INCRBY', KEYS[1], ARGV[1])
if used == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1
`;
