/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-origins.h"

#define APP "https://app.example"
#define OTHER "https://other.example"
#define NOW ((gint64) 1000)

static void
refuse (ChannelsOrigins *origins, const char *origin, guint times, gint64 now)
{
  for (guint i = 0; i < times; i++)
    channels_origins_refuse (origins, origin, now);
}

static void
test_origins_bound_connections (void)
{
  g_autoptr (ChannelsOrigins) origins = channels_origins_new ();

  g_test_summary ("An origin may have 256 connections, and not one more; others have their own");

  for (guint i = 0; i < 256; i++)
    {
      g_assert_true (channels_origins_has_room (origins, APP));
      channels_origins_enter (origins, APP);
    }
  g_assert_false (channels_origins_has_room (origins, APP));
  g_assert_true (channels_origins_has_room (origins, OTHER));

  channels_origins_leave (origins, APP);
  g_assert_true (channels_origins_has_room (origins, APP));
  channels_origins_enter (origins, APP);
  g_assert_false (channels_origins_has_room (origins, APP));

  for (guint i = 0; i < CHANNELS_ORIGIN_CONNECTIONS_MAX; i++)
    channels_origins_leave (origins, APP);
  g_assert_true (channels_origins_has_room (origins, APP));
}

static void
test_origins_ban_who_is_refused_often (void)
{
  g_autoptr (ChannelsOrigins) origins = channels_origins_new ();

  g_test_summary ("With its 20th refusal within a minute an origin is banned, others are not");

  refuse (origins, APP, 19, NOW);
  g_assert_false (channels_origins_is_banned (origins, APP, NOW));
  refuse (origins, APP, 1, NOW + CHANNELS_ORIGIN_TIME - 1);

  g_assert_true (channels_origins_is_banned (origins, APP, NOW + CHANNELS_ORIGIN_TIME - 1));
  g_assert_false (channels_origins_is_banned (origins, OTHER, NOW + CHANNELS_ORIGIN_TIME - 1));
}

static void
test_origins_forget_old_refusals (void)
{
  g_autoptr (ChannelsOrigins) origins = channels_origins_new ();
  gint64 later = NOW + CHANNELS_ORIGIN_TIME;

  g_test_summary ("Refusals that lie a minute back do not count");

  refuse (origins, APP, CHANNELS_ORIGIN_REFUSALS_MAX - 1, NOW);
  refuse (origins, APP, CHANNELS_ORIGIN_REFUSALS_MAX - 1, later);

  g_assert_false (channels_origins_is_banned (origins, APP, later));
}

static void
test_origins_ban_for_a_minute (void)
{
  g_autoptr (ChannelsOrigins) origins = channels_origins_new ();
  gint64 end = NOW + 60 * G_TIME_SPAN_SECOND;

  g_test_summary ("A ban ends after a minute, not a µs before, and is not for connections");

  channels_origins_enter (origins, APP);
  refuse (origins, APP, CHANNELS_ORIGIN_REFUSALS_MAX, NOW);

  g_assert_true (channels_origins_is_banned (origins, APP, end - 1));
  g_assert_false (channels_origins_is_banned (origins, APP, end));
  refuse (origins, APP, CHANNELS_ORIGIN_REFUSALS_MAX - 1, end);
  g_assert_false (channels_origins_is_banned (origins, APP, end));
  channels_origins_leave (origins, APP);
}

static void
fill (ChannelsOrigins *origins, const char *prefix, guint count, guint refusals, gint64 now)
{
  for (guint i = 0; i < count; i++)
    {
      g_autofree char *origin = g_strdup_printf ("https://%s%u.example", prefix, i);

      refuse (origins, origin, refusals, now);
    }
}

static void
test_origins_that_are_refused_keep_nobody_out (void)
{
  g_autoptr (ChannelsOrigins) origins = channels_origins_new ();

  g_test_summary ("However many are banned, others have room");

  fill (origins, "evil", CHANNELS_ORIGINS_MAX, CHANNELS_ORIGIN_REFUSALS_MAX, NOW);

  g_assert_true (channels_origins_has_room (origins, APP));
  channels_origins_enter (origins, APP);
  channels_origins_leave (origins, APP);
}

static void
test_origins_remember_who_is_refused_most (void)
{
  g_autoptr (ChannelsOrigins) origins = channels_origins_new ();

  g_test_summary ("A thousand others do not make one forgotten that goes on being refused");

  refuse (origins, APP, CHANNELS_ORIGIN_REFUSALS_MAX - 1, NOW);
  fill (origins, "one", CHANNELS_ORIGINS_MAX, 1, NOW);
  fill (origins, "two", CHANNELS_ORIGINS_MAX, 1, NOW);
  refuse (origins, APP, 1, NOW);
  g_assert_true (channels_origins_is_banned (origins, APP, NOW));

  fill (origins, "three", CHANNELS_ORIGINS_MAX, CHANNELS_ORIGIN_REFUSALS_MAX - 1, NOW);
  g_assert_true (channels_origins_is_banned (origins, APP, NOW));
}

static void
test_origins_make_room_for_the_newest (void)
{
  g_autoptr (ChannelsOrigins) origins = channels_origins_new ();

  g_test_summary ("Where all are banned, the one whose ban ends first makes room for another");

  refuse (origins, APP, CHANNELS_ORIGIN_REFUSALS_MAX, NOW);
  fill (origins, "evil", CHANNELS_ORIGINS_MAX - 1, CHANNELS_ORIGIN_REFUSALS_MAX, NOW + 1);
  g_assert_true (channels_origins_is_banned (origins, APP, NOW + 1));
  refuse (origins, OTHER, CHANNELS_ORIGIN_REFUSALS_MAX, NOW + 1);

  g_assert_true (channels_origins_is_banned (origins, OTHER, NOW + 1));
  g_assert_false (channels_origins_is_banned (origins, APP, NOW + 1));
  g_assert_true (channels_origins_is_banned (origins, "https://evil0.example", NOW + 1));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/origins/connections", test_origins_bound_connections);
  g_test_add_func ("/origins/refusals", test_origins_ban_who_is_refused_often);
  g_test_add_func ("/origins/old-refusals", test_origins_forget_old_refusals);
  g_test_add_func ("/origins/ban", test_origins_ban_for_a_minute);
  g_test_add_func ("/origins/room", test_origins_that_are_refused_keep_nobody_out);
  g_test_add_func ("/origins/remembered", test_origins_remember_who_is_refused_most);
  g_test_add_func ("/origins/bounded", test_origins_make_room_for_the_newest);

  return g_test_run ();
}
