/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-limits.h"

static void
test_limits_start_with_defaults (void)
{
  static const struct
  {
    ChannelsLimit limit;
    const char *key;
    guint64 value;
  } expected[] = {
    { CHANNELS_LIMIT_MESSAGE_SIZE, "MessageSize", 1048576 },
    { CHANNELS_LIMIT_NESTING, "Nesting", 32 },
    { CHANNELS_LIMIT_BACKLOG, "Backlog", 1048576 },
    { CHANNELS_LIMIT_BACKLOG_EVENTS, "BacklogEvents", 1024 },
    { CHANNELS_LIMIT_CONNECTIONS, "Connections", 10000 },
    { CHANNELS_LIMIT_REQUEST_HEAD, "RequestHead", 16384 },
    { CHANNELS_LIMIT_REQUEST_TIME, "RequestTime", 5 },
    { CHANNELS_LIMIT_REQUEST_BODY, "RequestBody", 65536 },
    { CHANNELS_LIMIT_PING_INTERVAL, "PingInterval", 20 },
    { CHANNELS_LIMIT_PONG_TIMEOUT, "PongTimeout", 30 },
    { CHANNELS_LIMIT_MESSAGE_RATE, "MessageRate", 100 },
    { CHANNELS_LIMIT_MESSAGE_BURST, "MessageBurst", 200 },
    { CHANNELS_LIMIT_GROUPS_PER_PEER, "GroupsPerPeer", 64 },
    { CHANNELS_LIMIT_EVENT_SIZE, "EventSize", 1048576 },
  };
  ChannelsLimits limits;

  g_test_summary ("Each bound has the key and the default that users rely on");

  G_STATIC_ASSERT (G_N_ELEMENTS (expected) == CHANNELS_N_LIMITS);
  channels_limits_init (&limits);

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      const ChannelsLimitInfo *info = channels_limit_get_info (expected[i].limit);

      g_assert_cmpstr (info->key, ==, expected[i].key);
      g_assert_cmpuint (info->value, ==, expected[i].value);
      g_assert_cmpuint (limits.value[expected[i].limit], ==, expected[i].value);
    }
}

static void
test_limits_defaults_are_in_range (void)
{
  g_test_summary ("Each default could be set");

  for (guint i = 0; i < CHANNELS_N_LIMITS; i++)
    {
      const ChannelsLimitInfo *info = channels_limit_get_info (i);

      g_assert_cmpuint (info->minimum, <=, info->value);
      g_assert_cmpuint (info->value, <=, info->maximum);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/limits/start-with-defaults", test_limits_start_with_defaults);
  g_test_add_func ("/limits/defaults-are-in-range", test_limits_defaults_are_in_range);

  return g_test_run ();
}
