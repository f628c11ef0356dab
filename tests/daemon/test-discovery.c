/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-discovery.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

#define URL "http://127.0.0.1:8484/"

typedef struct
{
  char *parent;    /* (owned): empty at first */
  char *directory; /* (owned): in it, not made yet */
  char *file;      /* (owned): in that */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  fixture->parent = g_dir_make_tmp ("channels-discovery-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->directory = g_build_filename (fixture->parent, "channels", NULL);
  fixture->file = g_build_filename (fixture->directory, "url", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  /* It is the only file that was ever there. */
  g_rmdir (fixture->directory);
  g_assert_no_errno (g_rmdir (fixture->parent));
  g_free (fixture->file);
  g_free (fixture->directory);
  g_free (fixture->parent);
}

static void
assert_file (Fixture *fixture, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  g_file_get_contents (fixture->file, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_discovery_publishes (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ChannelsDiscovery) discovery = channels_discovery_new (fixture->directory);
  struct stat file;
  struct stat directory;

  g_test_summary ("The file is there while it is published, for its owner alone");

  g_assert_false (g_file_test (fixture->file, G_FILE_TEST_EXISTS));
  channels_discovery_publish (discovery, URL);
  assert_file (fixture, URL "\n");
  g_assert_no_errno (g_stat (fixture->file, &file));
  g_assert_no_errno (g_stat (fixture->directory, &directory));
  g_assert_cmphex (file.st_mode & 0777, ==, 0600);
  g_assert_cmphex (directory.st_mode & 0777, ==, 0700);

  channels_discovery_withdraw (discovery);
  channels_discovery_withdraw (discovery);
  g_assert_false (g_file_test (fixture->file, G_FILE_TEST_EXISTS));
}

static void
test_discovery_replaces (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ChannelsDiscovery) first = channels_discovery_new (fixture->directory);
  g_autoptr (ChannelsDiscovery) second = channels_discovery_new (fixture->directory);

  g_test_summary ("The last one that is published holds, and only that one removes it");

  channels_discovery_publish (first, URL);
  channels_discovery_publish (second, URL "2");
  channels_discovery_withdraw (first);
  assert_file (fixture, URL "2\n");

  channels_discovery_publish (second, URL "3");
  assert_file (fixture, URL "3\n");
  g_clear_pointer (&second, channels_discovery_free);
  g_assert_false (g_file_test (fixture->file, G_FILE_TEST_EXISTS));
}

static void
test_discovery_without_a_place (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ChannelsDiscovery) nowhere = channels_discovery_new (NULL);
  g_autoptr (ChannelsDiscovery) beneath_a_file = channels_discovery_new ("/dev/null/channels");

  g_test_summary ("Where there is no place for it, there is no file");

  channels_discovery_publish (nowhere, URL);
  channels_discovery_withdraw (nowhere);
  g_test_expect_message ("channels-daemon", G_LOG_LEVEL_MESSAGE, "cannot write /dev/null/*");
  channels_discovery_publish (beneath_a_file, URL);
  channels_discovery_withdraw (beneath_a_file);
  g_test_assert_expected_messages ();
}

#define add(path, test) g_test_add ("/discovery/" path, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("publishes", test_discovery_publishes);
  add ("replaces", test_discovery_replaces);
  add ("nowhere", test_discovery_without_a_place);

  return g_test_run ();
}
