/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-group-script.h"

#include "channels-event.h"
#include "channels-names.h"
#include "channels-redis-batches.h"
#include "channels-redis-bundle.h"
#include "channels-redis-group.h"

/* What Redis does with what is sent to a group. KEYS: the group; ARGV: the score from which on
 * members count, what a queue's key begins with, our own node's name, seconds that a message is
 * kept, the score of what is too old, the capacity, the score of the first event in microseconds,
 * the names of nodes whose queue may be full, or `*` for all; how many events, how many bytes stand
 * in front of them in the last, and a message for a queue: a bundle of them (#ChannelsRedisBundle).
 *
 * Only those go that all other queues have room for. A node of ours that is a member by a stand-in
 * of its own has the message as it is: Lua takes its time for each byte of a string that it makes.
 * To others each event goes alone, with the names of the members as a further member of its map.
 * Members whose name no node of this layer can have are nobody's.
 *
 * Returns how many events went; how many nodes took each, which is one number where all have the
 * same; the names of nodes whose queue was full; and of those named above whose queue was not. */
const char channels_redis_group_script[] =
    "local all, head, message = tonumber(ARGV[9]), tonumber(ARGV[10]), ARGV[11]\n"
    "local n, nodes, names, singly, rooms = all, {}, {}, {}, {}\n"
    "local deaf, full, heard, scores = {}, {}, {}, {}\n"
    "for name in string.gmatch(ARGV[8], '%S+') do deaf[name] = true end\n"
    "local members = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf')\n"
    "for i = 1, #members do\n"
    "  local name = #members[i] <= 99 and members[i] or ''\n"
    "  local node, rest = string.match(name, '^([%w_.-]+!?)([%w_.-]*)$')\n"
    "  if node and string.sub(name, 1, #ARGV[3]) ~= ARGV[3] then\n"
    "    if not names[node] then\n"
    "      nodes[#nodes + 1] = node\n"
    "      names[node] = {}\n"
    "    end\n"
    "    table.insert(names[node], name)\n"
    "    if #names[node] > 1 or string.sub(rest, 1, 7) ~= '" CHANNELS_REDIS_STAND_IN "' then\n"
    "      singly[node] = true\n"
    "    end\n"
    "  end\n"
    "end\n"
    "for i = 1, #nodes do\n"
    "  local count = redis.pcall('ZCOUNT', ARGV[2] .. nodes[i], '(' .. ARGV[5], '+inf')\n"
    "  local room = type(count) == 'number' and ARGV[6] - count or 0\n"
    "  rooms[i] = room <= 0 and 0 or singly[nodes[i]] and math.min(room, all) or all\n"
    "  if rooms[i] == 0 then\n"
    "    full[#full + 1] = nodes[i]\n"
    "  elseif deaf[nodes[i]] then\n"
    "    heard[#heard + 1] = nodes[i]\n"
    "  end\n"
    "  if not (deaf['*'] or deaf[nodes[i]]) then n = math.min(n, rooms[i]) end\n"
    "end\n"
    "local maps, salt = {}, ''\n"
    "if n > 0 and (n < all or next(singly)) then\n"
    "  salt = string.sub(message, 1, 8)\n"
    "  for j = 1, n do\n"
    "    local length = struct.unpack('>I4', message, head + 1)\n"
    "    maps[j] = string.sub(message, head + 5, head + 4 + length)\n"
    "    head = head + 4 + length\n"
    "  end\n"
    "end\n"
    "if n > 0 and n < all then\n" /* the 14th byte is how many there are */
    "  message = string.sub(message, 1, 13) .. string.char(n) .. string.sub(message, 15, head)\n"
    "end\n"
    "for j = 1, n do\n"
    "  local seconds = math.floor((ARGV[7] + j - 1) / 1000000)\n"
    "  scores[j] = string.format('%d.%06d', seconds, ARGV[7] + j - 1 - seconds * 1000000)\n"
    "  if not maps[j] then break end\n"
    "end\n"
    /* The head of a map with a member more, and where the first member is. The low half of the
     * first byte is how many it has, if that is 0x80 to 0x8f; 0xde has two bytes behind it that say
     * so, and 0xdf has four. */
    "local function grow(map)\n"
    "  local first, n, rest = string.byte(map)\n"
    "  if first < 143 then return string.char(first + 1), 2 end\n"
    "  if first == 222 then n, rest = struct.unpack('>I2', map, 2)\n"
    "  elseif first == 223 then n, rest = struct.unpack('>I4', map, 2)\n"
    "  else n, rest = 15, 2 end\n"
    "  return n < 65535 and struct.pack('>BI2', 222, n + 1) or struct.pack('>BI4', 223, n + 1), "
    "rest\n"
    "end\n"
    "local taken, short = 0, {}\n"
    "for i = 1, #nodes do\n"
    "  local key, add = ARGV[2] .. nodes[i], {}\n"
    "  local names, room = names[nodes[i]], math.min(rooms[i], n)\n"
    "  if room > 0 and not singly[nodes[i]] then\n"
    "    add[1], add[2] = scores[1], message\n"
    "  elseif room > 0 then\n"
    "    local member = cmsgpack.pack('" CHANNELS_EVENT_KEY_CHANNEL "') .. cmsgpack.pack(names)\n"
    "    for j = 1, room do\n"
    "      add[2 * j - 1] = scores[j]\n"
    "      local head, rest = grow(maps[j])\n"
    "      head = salt .. struct.pack('>I4', j) .. head\n"
    "      add[2 * j] = head .. string.sub(maps[j], rest) .. member\n"
    "    end\n"
    "  end\n"
    "  if room == n then taken = taken + 1 else short[#short + 1] = room end\n"
    "  if room > 0 then\n"
    "    redis.call('ZADD', key, unpack(add))\n"
    "    redis.call('EXPIRE', key, ARGV[4])\n"
    "  end\n"
    "  redis.pcall('ZREMRANGEBYSCORE', key, 0, ARGV[5])\n"
    "end\n"
    "if #short > 0 then\n"
    "  local each = {}\n"
    "  for j = 1, n do\n"
    "    each[j] = taken\n"
    "    for i = 1, #short do each[j] = each[j] + (j <= short[i] and 1 or 0) end\n"
    "  end\n"
    "  taken = each\n"
    "end\n"
    "return {n, taken, full, heard}";
G_STATIC_ASSERT (CHANNELS_NAME_MAX == 99);
G_STATIC_ASSERT (CHANNELS_REDIS_PAYLOADS_MAX < 256);
G_STATIC_ASSERT (sizeof CHANNELS_REDIS_STAND_IN - 1 == 7);
