/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-queues-scripts.h"

#include "channels-names.h"

/* What Redis does for #ChannelsRedisQueues. */

/* KEYS: queues; ARGV: seconds that a message is kept, score, the score of what is too old, a
 * capacity for each, a message for each. Returns how many did not take theirs: full, or no queue at
 * all. Redis refuses to add where its memory is full, unless the script has changed something
 * before: so what is too old is not counted, and removed afterwards. */
const char channels_redis_queues_push_script[] =
    "local refused = 0\n"
    "for i = 1, #KEYS do\n"
    "  local count = redis.pcall('ZCOUNT', KEYS[i], '(' .. ARGV[3], '+inf')\n"
    "  if type(count) == 'number' and count < tonumber(ARGV[3 + i]) then\n"
    "    redis.call('ZADD', KEYS[i], ARGV[2], ARGV[3 + #KEYS + i])\n"
    "    redis.call('EXPIRE', KEYS[i], ARGV[1])\n"
    "  else\n"
    "    refused = refused + 1\n"
    "  end\n"
    "  redis.pcall('ZREMRANGEBYSCORE', KEYS[i], 0, ARGV[3])\n"
    "end\n"
    "return refused";

/* The same for a group, all of it: KEYS: the group; ARGV: the score from which on members count,
 * what a queue's key begins with, our own node's name, seconds that a message is kept, the score of
 * what is too old, the capacity, the score of the first message in microseconds, the names of nodes
 * whose queue may be full, or `*` for all; messages that end where the names of those should stand
 * that they are for. Only those go that all other queues have room for. Returns for each that went
 * how many nodes took it, and then the names of nodes whose queue was full, and of those named
 * above whose queue was not. Members whose name no node of this layer can have are nobody's. */
const char channels_redis_queues_group_script[] =
    "local heads, scores, taken, nodes, names, rooms = 8, {}, {}, {}, {}, {}\n"
    "local n, deaf, full, heard = #ARGV - heads, {}, {}, {}\n"
    "for name in string.gmatch(ARGV[8], '%S+') do deaf[name] = true end\n"
    "local members = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf')\n"
    "for i = 1, #members do\n"
    "  local name = #members[i] <= 99 and members[i] or ''\n"
    "  local node = string.match(name, '^([%w_.-]+!?)[%w_.-]*$')\n"
    "  if node and string.sub(members[i], 1, #ARGV[3]) ~= ARGV[3] then\n"
    "    if not names[node] then\n"
    "      nodes[#nodes + 1] = node\n"
    "      names[node] = {}\n"
    "    end\n"
    "    table.insert(names[node], members[i])\n"
    "  end\n"
    "end\n"
    "for i = 1, #nodes do\n"
    "  local count = redis.pcall('ZCOUNT', ARGV[2] .. nodes[i], '(' .. ARGV[5], '+inf')\n"
    "  local room = type(count) == 'number' and ARGV[6] - count or 0\n"
    "  rooms[i] = math.max(0, math.min(room, #ARGV - heads))\n"
    "  if rooms[i] == 0 then\n"
    "    full[#full + 1] = nodes[i]\n"
    "  elseif deaf[nodes[i]] then\n"
    "    heard[#heard + 1] = nodes[i]\n"
    "  end\n"
    "  if not (deaf['*'] or deaf[nodes[i]]) then n = math.min(n, rooms[i]) end\n"
    "end\n"
    "for i = 1, n do\n"
    "  local seconds = math.floor((ARGV[7] + i - 1) / 1000000)\n"
    "  scores[i] = string.format('%d.%06d', seconds, ARGV[7] + i - 1 - seconds * 1000000)\n"
    "  taken[i] = 0\n"
    "end\n"
    "for i = 1, #nodes do\n"
    "  local key = ARGV[2] .. nodes[i]\n"
    "  local tail, add = cmsgpack.pack(names[nodes[i]]), {}\n"
    "  for j = 1, math.min(rooms[i], n) do\n"
    "    add[2 * j - 1] = scores[j]\n"
    "    add[2 * j] = ARGV[heads + j] .. tail\n"
    "    taken[j] = taken[j] + 1\n"
    "  end\n"
    "  if #add > 0 then\n"
    "    redis.call('ZADD', key, unpack(add))\n"
    "    redis.call('EXPIRE', key, ARGV[4])\n"
    "  end\n"
    "  redis.pcall('ZREMRANGEBYSCORE', key, 0, ARGV[5])\n"
    "end\n"
    "taken[n + 1] = full\n"
    "taken[n + 2] = heard\n"
    "return taken";
G_STATIC_ASSERT (CHANNELS_NAME_MAX == 99);
