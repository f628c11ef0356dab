/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-backoff.h"

#define FLOOR 50000
#define CEILING 10000000
#define N_ROUNDS 1000

static void
test_range (void)
{
  static const gint64 most[] = { 100000,  200000,  400000,  800000,  1600000,
                                 3200000, 6400000, CEILING, CEILING, CEILING };
  ChannelsRedisBackoff backoff;

  g_test_summary ("Waits are random, below a ceiling that doubles until it is reached");

  channels_redis_backoff_init (&backoff, FLOOR, CEILING);
  for (guint round = 0; round < N_ROUNDS; round++)
    {
      channels_redis_backoff_reset (&backoff);
      for (guint i = 0; i < G_N_ELEMENTS (most); i++)
        {
          gint64 wait = channels_redis_backoff_next (&backoff);

          g_assert_cmpint (wait, >=, FLOOR);
          g_assert_cmpint (wait, <=, most[i]);
        }
    }
}

static void
test_forever (void)
{
  ChannelsRedisBackoff backoff;

  g_test_summary ("However often it fails, no wait is past the ceiling, nor below the floor");

  channels_redis_backoff_init (&backoff, FLOOR, CEILING);
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      gint64 wait = channels_redis_backoff_next (&backoff);

      g_assert_cmpint (wait, >=, FLOOR);
      g_assert_cmpint (wait, <=, CEILING);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/redis-backoff/range", test_range);
  g_test_add_func ("/redis-backoff/forever", test_forever);

  return g_test_run ();
}
