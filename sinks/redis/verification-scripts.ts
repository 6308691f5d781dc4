import { createHash } from 'node:crypto';
import type { Script } from './scripts.ts';

const text = `
local kind = redis.call('TYPE', KEYS[1]).ok
local held
if kind == 'string' then
  held = redis.call('GET', KEYS[1])
elseif kind == 'hash' then
  local all = redis.call('HGETALL', KEYS[1])
  local parts = {}
  for at = 1, #all, 2 do parts[#parts + 1] = #all[at] .. ':' .. all[at] .. #all[at + 1] .. ':' .. all[at + 1] end
  table.sort(parts)
  held = table.concat(parts)
end
if held ~= ARGV[1] then return 0 end
redis.call('UNLINK', KEYS[1])
return 1
`;

/** Deletes a key that holds what it held when it was looked at: a string, or a hash's fields in one order with their lengths. 1 where it did. */
export const removeScript: Script = { text, sha1: createHash('sha1').update(text).digest('hex') };
