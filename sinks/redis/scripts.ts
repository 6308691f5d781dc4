import { createHash } from 'node:crypto';

/** A script for the server, known there by its SHA-1. */
export type Script = { readonly text: string; readonly sha1: string };

function script(text: string): Script {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}

/** What a script says of an entry, a letter each in the order of the keys. */
export const verdicts = {
  written: 'W',
  /** What is there is as new or newer. */
  stale: 'S',
  /** What is there is not what the value was merged with. */
  changed: 'M',
  /** Columns were to be kept of a row that is not there. */
  incomplete: 'I',
  /** The key holds another type of value. */
  wrongType: 'T',
} as const;

/** Versions are compared as digits: Lua's numbers lose some beyond 2^53. */
const shared = `
local function atLeast(a, b) return #a > #b or (#a == #b and a >= b) end
local function stale(stored, version, again) return atLeast(stored, version) and not (again ~= '' and stored == version) end
local function wrongType(reply) return type(reply) == 'table' and reply.err and string.sub(reply.err, 1, 9) == 'WRONGTYPE' end
local function drop(key, marker, version, markerMs)
  redis.call('UNLINK', key)
  if markerMs == '' then redis.call('SET', marker, version) else redis.call('SET', marker, version, 'PX', markerMs) end
end
`;

/**
 * Puts or drops strings whose text begins with `head`, the version's digits, and a quote (invariant 4).
 * KEYS: the key and its marker, of each entry. ARGV: head, TTL in ms (empty: none), marker's TTL in ms (empty: none), whether what stands at an
 * entry's own version is written over (empty: not); then of each entry its version, the version it was merged with (empty: it was not) and its text (empty: drop).
 */
export const stringScript = script(`${shared}
local head, ttlMs, markerMs, again = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local verdicts = {}
for entry = 1, #KEYS / 2 do
  local key, marker = KEYS[entry * 2 - 1], KEYS[entry * 2]
  local version, base, text = ARGV[entry * 3 + 2], ARGV[entry * 3 + 3], ARGV[entry * 3 + 4]
  local start = redis.pcall('GETRANGE', key, 0, #head + 18)
  if type(start) == 'table' then
    if not wrongType(start) then return start end
    verdicts[entry] = 'T'
  else
    local own = string.sub(start, 1, #head) == head and string.match(start, '^%d+', #head + 1)
    local stored = own or redis.call('GET', marker)
    if stored and stale(stored, version, again) then
      verdicts[entry] = 'S'
    elseif base ~= '' and own ~= base then
      verdicts[entry] = 'M'
    else
      if text == '' then drop(key, marker, version, markerMs)
      elseif ttlMs == '' then redis.call('SET', key, text)
      else redis.call('SET', key, text, 'PX', ttlMs) end
      verdicts[entry] = 'W'
    end
  end
end
return table.concat(verdicts)
`);

/**
 * Drops what is older than a version: strings and hashes that have a version of their own; a key that somebody else wrote has none and stays.
 * KEYS: a key and its marker, of each entry. ARGV: the head of strings, or empty; the version's field of hashes, or empty; the marker's TTL
 * in ms (empty: none); the version.
 */
export const olderScript = script(`${shared}
local head, versionField, markerMs, version = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
for entry = 1, #KEYS / 2 do
  local key, marker = KEYS[entry * 2 - 1], KEYS[entry * 2]
  local own
  if head ~= '' then
    own = redis.pcall('GETRANGE', key, 0, #head + 18)
    if type(own) == 'string' then own = string.sub(own, 1, #head) == head and string.match(own, '^%d+', #head + 1) end
  else
    own = redis.pcall('HGET', key, versionField)
  end
  if type(own) == 'table' then
    if not wrongType(own) then return own end
  elseif own and not atLeast(own, version) then
    drop(key, marker, version, markerMs)
  end
end
return 'OK'
`);

/**
 * Puts or drops hashes that have their version in a field.
 * KEYS: as of strings. ARGV: the version's field, TTL in ms, marker's TTL in ms, and again, as of strings; then of each entry its version, how many arguments its
 * fields are (-1: drop), these as name and text in turn, how many fields are kept of what is stored, and their names.
 */
export const hashScript = script(`${shared}
local versionField, ttlMs, markerMs, again = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local at = 5
local verdicts = {}
for entry = 1, #KEYS / 2 do
  local key, marker = KEYS[entry * 2 - 1], KEYS[entry * 2]
  local version, count = ARGV[at], tonumber(ARGV[at + 1])
  local first = at + 2
  local keptFirst = first + math.max(count, 0) + 1
  local keptCount = tonumber(ARGV[keptFirst - 1])
  at = keptFirst + keptCount
  local own = redis.pcall('HGET', key, versionField)
  if type(own) == 'table' then
    if not wrongType(own) then return own end
    verdicts[entry] = 'T'
  else
    local stored = own or redis.call('GET', marker)
    if stored and stale(stored, version, again) then
      verdicts[entry] = 'S'
    elseif keptCount > 0 and not own then
      verdicts[entry] = 'I'
    elseif count < 0 then
      drop(key, marker, version, markerMs)
      verdicts[entry] = 'W'
    else
      local fields = { versionField, version }
      for index = first, first + count - 1 do fields[#fields + 1] = ARGV[index] end
      if keptCount > 0 then
        local names = {}
        for index = keptFirst, at - 1 do names[#names + 1] = ARGV[index] end
        local texts = redis.call('HMGET', key, unpack(names))
        for index, name in ipairs(names) do
          if texts[index] then
            fields[#fields + 1] = name
            fields[#fields + 1] = texts[index]
          end
        end
      end
      redis.call('UNLINK', key)
      redis.call('HSET', key, unpack(fields))
      if ttlMs ~= '' then redis.call('PEXPIRE', key, ttlMs) end
      verdicts[entry] = 'W'
    end
  end
end
return table.concat(verdicts)
`);
