/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-router.h"

#include <string.h>

#define ROOM_16 "abcdefghijklmno."
#define ROOM_64 ROOM_16 ROOM_16 ROOM_16 ROOM_16

/* A path, and the group that it leads to; NULL for none. */
typedef struct
{
  const char *path;
  const char *group;
} Way;

static void
add (ChannelsRouter *router, const char *path, const char *group)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (channels_router_add (router, path, group, CHANNELS_CONSUMER_ECHO, &error));
  g_assert_no_error (error);
}

static void
assert_ways (ChannelsRouter *router, const Way *ways, guint n_ways)
{
  for (guint i = 0; i < n_ways; i++)
    {
      g_autofree char *group = NULL;
      ChannelsConsumerKind consumer;

      g_test_message ("path %s", ways[i].path);
      g_assert_cmpint (channels_router_match (router, ways[i].path, &group, &consumer), ==,
                       ways[i].group != NULL);
      g_assert_cmpstr (group, ==, ways[i].group);
    }
}

static void
test_router_has_defaults (void)
{
  static const Way ways[] = {
    { "/ws/chat/", "chat_chat_room" },
    { "/ws/chat/lobby/", "chat_lobby" },
    { "/ws/chat/A-b_c.9/", "chat_A-b_c.9" },
    { "/ws/chat/" ROOM_64 "/", "chat_" ROOM_64 },
    { "/ws/chat/a" ROOM_64 "/", NULL },
    { "/ws/chat//", NULL },
    { "/ws/chat", NULL },
    { "/ws/chat/lobby", NULL },
    { "/ws/chat/lobby/x", NULL },
    { "/ws/chat/lobby//", NULL },
    { "/ws/chat/a%62/", NULL },
    { "/ws/chat/%6cobby/", NULL },
    { "/ws/ch%61t/", NULL },
    { "/ws/chat/a b/", NULL },
    { "/ws/chat/a!b/", NULL },
    { "/ws/chat/{room}/", NULL },
    { "/WS/chat/", NULL },
    { "//ws/chat/", NULL },
    { "ws/chat/", NULL },
    { "/", NULL },
    { "", NULL },
  };
  g_autoptr (ChannelsRouter) router = channels_router_new_default ();
  g_autofree char *group = NULL;
  ChannelsConsumerKind consumer;

  g_test_summary ("Without configuration there are the tutorial's paths, and no others");

  assert_ways (router, ways, G_N_ELEMENTS (ways));
  g_assert_true (channels_router_match (router, "/ws/chat/", &group, &consumer));
  g_assert_cmpint (consumer, ==, CHANNELS_CONSUMER_CHAT);
}

static void
test_router_takes_first_match (void)
{
  static const Way ways[] = {
    { "/a/b", "first" },
    { "/a/c", "second_c" },
    { "/a/", NULL },
    { "/a", NULL },
  };
  g_autoptr (ChannelsRouter) router = channels_router_new ();

  g_test_summary ("The first route that matches wins");

  add (router, "/a/b", "first");
  add (router, "/a/{x}", "second_{x}");
  add (router, "/a/b", "third");

  assert_ways (router, ways, G_N_ELEMENTS (ways));
}

static void
test_router_puts_name_anywhere (void)
{
  static const Way ways[] = {
    { "/one/two", "one" },
    { "/r/one/two", "a-two-b" },
  };
  g_autoptr (ChannelsRouter) router = channels_router_new ();

  g_test_summary ("A group may have a path's name at any place, and need not have all of them");

  add (router, "/{a}/{b_2}", "{a}");
  add (router, "/r/{a}/{b_2}", "a-{b_2}-b");

  assert_ways (router, ways, G_N_ELEMENTS (ways));
}

static void
test_router_gives_consumer (void)
{
  g_autoptr (ChannelsRouter) router = channels_router_new ();
  g_autofree char *group = NULL;
  ChannelsConsumerKind consumer = CHANNELS_CONSUMER_CHAT;

  g_test_summary ("A route says what its messages mean");

  add (router, "/echo/", "echo");

  g_assert_true (channels_router_match (router, "/echo/", &group, &consumer));
  g_assert_cmpint (consumer, ==, CHANNELS_CONSUMER_ECHO);
}

static void
test_router_leaves_out_parameters (void)
{
  g_autoptr (ChannelsRouter) router = channels_router_new ();
  char *group = (char *) "untouched";
  ChannelsConsumerKind consumer = CHANNELS_CONSUMER_ECHO;

  g_test_summary ("Without a match nothing is written");

  g_assert_false (channels_router_match (router, "/", &group, &consumer));

  g_assert_cmpstr (group, ==, "untouched");
  g_assert_cmpint (consumer, ==, CHANNELS_CONSUMER_ECHO);
}

static void
assert_bad (const char *path, const char *group, ChannelsRouterError code)
{
  g_autoptr (ChannelsRouter) router = channels_router_new ();
  g_autoptr (GError) error = NULL;

  g_test_message ("path %.40s, group %s", path, group);
  g_assert_false (channels_router_add (router, path, group, CHANNELS_CONSUMER_CHAT, &error));
  g_assert_error (error, CHANNELS_ROUTER_ERROR, (int) code);
}

static void
test_router_refuses_bad_paths (void)
{
  static const char *const paths[] = {
    "",        "a",      "a/b",  "//",    "//a",       "/a//b",    "/a//",
    "/a b",    "/a%20b", "/a?b", "/a#b",  "/\xc3\xa9", "/a\n",     "/a\\b",
    "/{",      "/}",     "/{}",  "/{a",   "/a}",       "/{a}b",    "/b{a}",
    "/{a}{b}", "/{A}",   "/{1}", "/{_a}", "/{a-b}",    "/{a}/{a}", "/{{a}}",
  };

  g_test_summary ("A path's template is literal segments and whole {name}s, or an error");

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    assert_bad (paths[i], "group", CHANNELS_ROUTER_ERROR_PATH);
}

static void
test_router_refuses_pages (void)
{
  static const char *const pages[] = { "/", "/health", "/channels.js", "/page.css" };
  g_autoptr (ChannelsRouter) router = channels_router_new ();

  g_test_summary ("A route is not where the service's own pages are, but may be below them");

  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    assert_bad (pages[i], "group", CHANNELS_ROUTER_ERROR_PATH);
  add (router, "/health/", "group");
  add (router, "/{page}", "group");
}

static void
test_router_refuses_bad_groups (void)
{
  static const char *const groups[] = {
    "",     "a b",  "a!",   "a/b",    "\xc3\xa9", "a\n",       "{",
    "}",    "{a",   "a}",   "{}",     "{A}",      "a{a}{b}",   "{a}{a}",
    "{a}}", "{{a}", "{a}{", "{a}b c", "{c}",      "{segment}", "segment}{a}",
  };

  g_test_summary ("A group's template is a group's name, with one {name} of the path, or an error");

  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    assert_bad ("/segment/{a}/{b}/", groups[i], CHANNELS_ROUTER_ERROR_GROUP);
}

static void
test_router_bounds_group (void)
{
  g_autoptr (ChannelsRouter) router = channels_router_new ();
  g_autofree char *literal = g_strnfill (99, 'a');
  g_autofree char *literal_too_long = g_strnfill (100, 'a');
  g_autofree char *rest = g_strnfill (35, 'a');
  g_autofree char *with_name = g_strconcat (rest, "{x}", NULL);
  g_autofree char *with_name_too_long = g_strconcat ("a{x}", rest, NULL);

  g_test_summary ("The longest group that a route can make has 99 bytes, and not one more");

  add (router, "/{x}", literal);
  add (router, "/{x}", with_name);

  assert_bad ("/{x}", literal_too_long, CHANNELS_ROUTER_ERROR_GROUP);
  assert_bad ("/{x}", with_name_too_long, CHANNELS_ROUTER_ERROR_GROUP);
}

static void
test_router_bounds_path (void)
{
  g_autoptr (ChannelsRouter) router = channels_router_new ();
  g_autofree char *name = g_strnfill (2047, 'a');
  g_autofree char *longest = g_strconcat ("/", name, NULL);
  g_autofree char *too_long = g_strconcat ("/a", name, NULL);

  g_test_summary ("A path has no more bytes than a request's target may have");

  add (router, longest, "group");

  assert_bad (too_long, "group", CHANNELS_ROUTER_ERROR_PATH);
}

static void
test_router_adds_nothing_bad (void)
{
  static const Way ways[] = { { "/a", NULL } };
  g_autoptr (ChannelsRouter) router = channels_router_new ();

  g_test_summary ("A route that is refused is not there");

  g_assert_false (channels_router_add (router, "/a", "b c", CHANNELS_CONSUMER_CHAT, NULL));

  assert_ways (router, ways, G_N_ELEMENTS (ways));
}

static void
assert_path (ChannelsRouter *router, const char *group, const char *path)
{
  g_autofree char *found = channels_router_find_path (router, group);

  g_assert_cmpstr (found, ==, path);
}

static void
test_router_finds_default_paths (void)
{
  g_autoptr (ChannelsRouter) router = channels_router_new_default ();
  g_autofree char *too_long = g_strconcat ("chat_a" ROOM_64, NULL);

  g_test_summary ("The way to a group is a path without a name where there is one");

  assert_path (router, "chat_chat_room", "/ws/chat/");
  assert_path (router, "chat_lobby", "/ws/chat/lobby/");
  assert_path (router, "chat_" ROOM_64, "/ws/chat/" ROOM_64 "/");
  assert_path (router, too_long, NULL);
  assert_path (router, "chat_", NULL);
  assert_path (router, "chat_a b", NULL);
  assert_path (router, "other", NULL);
  assert_path (router, "", NULL);
}

static void
test_router_finds_any_path (void)
{
  g_autoptr (ChannelsRouter) empty = channels_router_new ();
  g_autoptr (ChannelsRouter) defaults = channels_router_new_default ();
  g_autoptr (ChannelsRouter) own = channels_router_new ();

  g_test_summary ("Any way is that to the default group, else the first without a name");

  add (own, "/{x}/", "x.{x}");
  assert_path (own, NULL, NULL);
  add (own, "/taken/", "taken");
  add (own, "/ws/echo/", "echo");
  add (own, "/ws/other/", "other");

  assert_path (empty, NULL, NULL);
  assert_path (defaults, NULL, "/ws/chat/");
  assert_path (own, NULL, "/ws/echo/");
}

static void
test_router_finds_only_open_paths (void)
{
  g_autoptr (ChannelsRouter) router = channels_router_new ();

  g_test_summary ("The way to a group is not one that an earlier route has taken");

  add (router, "/{x}/a", "one_{x}");
  add (router, "/b/a", "two");
  add (router, "/{x}/{y}/c", "two");

  assert_path (router, "two", "/_/_/c");
  assert_path (router, "one_b", "/b/a");
}

static void
test_router_finds_around_suffix (void)
{
  g_autoptr (ChannelsRouter) router = channels_router_new ();

  g_test_summary ("A name in the middle of a group is found between what surrounds it");

  add (router, "/{x}", "aa{x}aa");

  assert_path (router, "aabaa", "/b");
  assert_path (router, "aaaaa", "/a");
  assert_path (router, "aaaa", NULL);
  assert_path (router, "aaa", NULL);
}

static void
test_router_knows_consumers (void)
{
  ChannelsConsumerKind kind = CHANNELS_CONSUMER_ECHO;

  g_test_summary ("There are the consumers chat and echo, and no others");

  g_assert_true (channels_consumer_kind_from_string ("chat", &kind));
  g_assert_cmpint (kind, ==, CHANNELS_CONSUMER_CHAT);
  g_assert_true (channels_consumer_kind_from_string ("echo", &kind));
  g_assert_cmpint (kind, ==, CHANNELS_CONSUMER_ECHO);
  g_assert_false (channels_consumer_kind_from_string ("Chat", &kind));
  g_assert_false (channels_consumer_kind_from_string ("", &kind));
  g_assert_cmpint (kind, ==, CHANNELS_CONSUMER_ECHO);
}

static void
test_router_is_counted (void)
{
  ChannelsRouter *router = channels_router_new_default ();
  g_autoptr (ChannelsRouter) other = channels_router_ref (router);

  g_test_summary ("A router lives as long as its last reference; none is freed without harm");

  channels_router_unref (router);
  channels_router_unref (NULL);

  assert_path (other, "chat_chat_room", "/ws/chat/");
}

static void
set_notifications (ChannelsRouter *router, ChannelsNotifications notifications)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (channels_router_set_notifications (router, notifications, &error));
  g_assert_no_error (error);
}

static void
assert_notifications (ChannelsRouter *router, const char *group, ChannelsNotifications expected)
{
  g_assert_cmpint (channels_router_get_notifications (router, group), ==, expected);
}

static void
test_router_notifications (void)
{
  g_autoptr (ChannelsRouter) router = channels_router_new ();
  g_auto (GStrv) watched = NULL;

  g_test_summary ("Each route has its switch, which holds for the groups that it is the way to");

  add (router, "/a/", "fixed");
  set_notifications (router, CHANNELS_NOTIFICATIONS_ALL);
  add (router, "/b/", "fixed");
  set_notifications (router, CHANNELS_NOTIFICATIONS_NONE);
  add (router, "/c/", "late");
  set_notifications (router, CHANNELS_NOTIFICATIONS_NONE);
  add (router, "/d/", "late");
  set_notifications (router, CHANNELS_NOTIFICATIONS_ALL);
  add (router, "/e/{room}/", "room_{room}");
  add (router, "/f/{room}/", "fixed");
  set_notifications (router, CHANNELS_NOTIFICATIONS_ALL);

  assert_notifications (router, "fixed", CHANNELS_NOTIFICATIONS_ALL);
  assert_notifications (router, "late", CHANNELS_NOTIFICATIONS_NONE);
  assert_notifications (router, "room_1", CHANNELS_NOTIFICATIONS_OWN);
  assert_notifications (router, "nowhere", CHANNELS_NOTIFICATIONS_NONE);
  watched = channels_router_list_watched (router);
  g_assert_cmpuint (g_strv_length (watched), ==, 1);
  g_assert_cmpstr (watched[0], ==, "fixed");
}

static void
test_router_watches_named_groups_only (void)
{
  g_autoptr (ChannelsRouter) router = channels_router_new_default ();
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) watched = channels_router_list_watched (router);

  g_test_summary ("Nothing is watched unless it is asked for, and no group with a {name} can be");

  g_assert_cmpuint (g_strv_length (watched), ==, 0);
  add (router, "/e/{room}/", "room_{room}");
  g_assert_false (channels_router_set_notifications (router, CHANNELS_NOTIFICATIONS_ALL, &error));
  g_assert_error (error, CHANNELS_ROUTER_ERROR, CHANNELS_ROUTER_ERROR_NOTIFICATIONS);
  assert_notifications (router, "room_1", CHANNELS_NOTIFICATIONS_OWN);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/router/match/defaults", test_router_has_defaults);
  g_test_add_func ("/router/match/first", test_router_takes_first_match);
  g_test_add_func ("/router/match/name-anywhere", test_router_puts_name_anywhere);
  g_test_add_func ("/router/match/consumer", test_router_gives_consumer);
  g_test_add_func ("/router/match/none", test_router_leaves_out_parameters);
  g_test_add_func ("/router/add/bad-paths", test_router_refuses_bad_paths);
  g_test_add_func ("/router/add/pages", test_router_refuses_pages);
  g_test_add_func ("/router/add/bad-groups", test_router_refuses_bad_groups);
  g_test_add_func ("/router/add/bounds-group", test_router_bounds_group);
  g_test_add_func ("/router/add/bounds-path", test_router_bounds_path);
  g_test_add_func ("/router/add/nothing-bad", test_router_adds_nothing_bad);
  g_test_add_func ("/router/find-path/defaults", test_router_finds_default_paths);
  g_test_add_func ("/router/find-path/any", test_router_finds_any_path);
  g_test_add_func ("/router/find-path/open", test_router_finds_only_open_paths);
  g_test_add_func ("/router/find-path/suffix", test_router_finds_around_suffix);
  g_test_add_func ("/router/consumers", test_router_knows_consumers);
  g_test_add_func ("/router/notifications", test_router_notifications);
  g_test_add_func ("/router/watched", test_router_watches_named_groups_only);
  g_test_add_func ("/router/counted", test_router_is_counted);

  return g_test_run ();
}
