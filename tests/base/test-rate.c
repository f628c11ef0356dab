/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-rate.h"

#define SECOND G_USEC_PER_SEC

/* Not zero: a clock starts anywhere. */
#define START (1000 * SECOND)

static guint
take_all (ChannelsRate *rate, gint64 now)
{
  guint n = 0;

  while (n < 100000 && channels_rate_take (rate, now))
    n++;

  return n;
}

static void
test_rate_starts_full (void)
{
  ChannelsRate rate;

  g_test_summary ("A burst is allowed at once, and not one more");

  channels_rate_init (&rate, 100, 200, START);

  g_assert_cmpuint (take_all (&rate, START), ==, 200);
}

static void
test_rate_refills (void)
{
  ChannelsRate rate;

  g_test_summary (
      "After the burst, one is allowed each time that its share of a second has gone by");

  channels_rate_init (&rate, 100, 200, START);
  take_all (&rate, START);

  g_assert_false (channels_rate_take (&rate, START + 9999));
  g_assert_true (channels_rate_take (&rate, START + 10000));
  g_assert_false (channels_rate_take (&rate, START + 10000));
  g_assert_false (channels_rate_take (&rate, START + 19999));
  g_assert_true (channels_rate_take (&rate, START + 20000));
}

static void
test_rate_loses_no_fraction (void)
{
  ChannelsRate rate;
  guint n = 0;

  g_test_summary ("Asked every microsecond, it allows as many a second as asked once");

  channels_rate_init (&rate, 3, 1, START);
  take_all (&rate, START);
  for (gint64 t = 1; t <= 10 * SECOND; t += 7)
    n += channels_rate_take (&rate, START + t) ? 1 : 0;

  g_assert_cmpuint (n, >=, 29);
  g_assert_cmpuint (n, <=, 30);
}

static void
test_rate_never_saves_more_than_a_burst (void)
{
  ChannelsRate rate;

  g_test_summary ("However long the silence, no more than a burst is saved");

  channels_rate_init (&rate, 100, 200, START);
  take_all (&rate, START);
  g_assert_cmpuint (take_all (&rate, START + 2 * SECOND), ==, 200);
  g_assert_cmpuint (take_all (&rate, START + 1000 * SECOND), ==, 200);
  g_assert_cmpuint (take_all (&rate, G_MAXINT64), ==, 200);
}

static void
test_rate_largest (void)
{
  ChannelsRate rate;

  g_test_summary ("The largest rate and burst do not overflow");

  channels_rate_init (&rate, G_MAXUINT, G_MAXUINT, START);
  g_assert_true (channels_rate_take (&rate, START));
  g_assert_true (channels_rate_take (&rate, START + SECOND - 1));
  g_assert_true (channels_rate_take (&rate, G_MAXINT64));
}

static void
test_rate_zero_is_no_limit (void)
{
  ChannelsRate rate;

  g_test_summary ("Rate 0 is no limit");

  channels_rate_init (&rate, 0, 1, START);

  g_assert_cmpuint (take_all (&rate, START), ==, 100000);
}

static void
test_rate_ignores_time_that_goes_back (void)
{
  ChannelsRate rate;

  g_test_summary ("An earlier time gives nothing, then or later");

  channels_rate_init (&rate, 1, 1, START);
  take_all (&rate, START);

  g_assert_false (channels_rate_take (&rate, START - 100 * SECOND));
  g_assert_false (channels_rate_take (&rate, START + SECOND - 1));
  g_assert_true (channels_rate_take (&rate, START + SECOND));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/rate/starts-full", test_rate_starts_full);
  g_test_add_func ("/rate/refills", test_rate_refills);
  g_test_add_func ("/rate/loses-no-fraction", test_rate_loses_no_fraction);
  g_test_add_func ("/rate/never-saves-more-than-a-burst", test_rate_never_saves_more_than_a_burst);
  g_test_add_func ("/rate/largest", test_rate_largest);
  g_test_add_func ("/rate/zero-is-no-limit", test_rate_zero_is_no_limit);
  g_test_add_func ("/rate/ignores-time-that-goes-back", test_rate_ignores_time_that_goes_back);

  return g_test_run ();
}
