/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-identity.h"

#include "channels-names.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAYER "asgi redis://127.0.0.1:6379/0"

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
  g_autofree char *digest = NULL;
  g_autofree char *name = NULL;

  fixture->parent = g_dir_make_tmp ("channels-identity-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->directory = g_build_filename (fixture->parent, "channels", NULL);
  digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, LAYER, -1);
  name = g_strdup_printf ("node-%.16s", digest);
  fixture->file = g_build_filename (fixture->directory, name, NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GDir) directory = g_dir_open (fixture->directory, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *path = g_build_filename (fixture->directory, name, NULL);

      g_unlink (path);
    }
  g_rmdir (fixture->directory);
  g_rmdir (fixture->parent);
  g_free (fixture->file);
  g_free (fixture->directory);
  g_free (fixture->parent);
}

/* What the next node finds of one that was killed, or that has retired. */
static char *
live (Fixture *fixture, gboolean retire)
{
  g_autoptr (ChannelsIdentity) identity = channels_identity_new (fixture->directory, LAYER);

  channels_identity_keep (identity);
  if (retire)
    channels_identity_retire (identity);

  return g_strdup (channels_identity_get_prefix (identity));
}

static void
test_identity_is_kept (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *killed = live (fixture, FALSE);
  g_autoptr (ChannelsIdentity) next = channels_identity_new (fixture->directory, LAYER);

  g_test_summary ("A node that was killed goes on under its name, and knows that it was");

  g_assert_true (channels_node_prefix_validate (killed));
  g_assert_cmpstr (channels_identity_get_prefix (next), ==, killed);
  g_assert_true (channels_identity_is_restarted (next));
}

static void
test_identity_moves (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *killed = live (fixture, FALSE);
  g_autoptr (ChannelsIdentity) identity = channels_identity_new (NULL, "another layer");
  g_autofree char *kept = g_strdup (channels_identity_get_prefix (identity));
  g_autoptr (ChannelsIdentity) next = NULL;

  g_test_summary (
      "A node goes on under its name in another layer, and keeps it there from then on");

  channels_identity_move (identity, fixture->directory, LAYER);
  channels_identity_keep (identity);
  g_assert_cmpstr (channels_identity_get_prefix (identity), ==, kept);
  g_assert_cmpstr (kept, !=, killed);
  g_assert_false (channels_identity_is_restarted (identity));
  g_clear_pointer (&identity, channels_identity_free);

  next = channels_identity_new (fixture->directory, LAYER);
  g_assert_cmpstr (channels_identity_get_prefix (next), ==, kept);
  g_assert_true (channels_identity_is_restarted (next));
}

static void
test_identity_retires (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *retired = live (fixture, TRUE);
  g_autoptr (ChannelsIdentity) next = channels_identity_new (fixture->directory, LAYER);

  g_test_summary ("After a node that has left in an orderly way comes a new one");

  g_assert_cmpstr (channels_identity_get_prefix (next), !=, retired);
  g_assert_false (channels_identity_is_restarted (next));
}

static void
test_identity_is_one_nodes (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ChannelsIdentity) first = channels_identity_new (fixture->directory, LAYER);
  g_autoptr (ChannelsIdentity) second = channels_identity_new (fixture->directory, LAYER);

  g_test_summary ("No two nodes that live have one name");

  g_assert_true (channels_node_prefix_validate (channels_identity_get_prefix (second)));
  g_assert_cmpstr (channels_identity_get_prefix (first), !=, channels_identity_get_prefix (second));
  g_assert_false (channels_identity_is_restarted (second));

  /* The second was never to be remembered. */
  channels_identity_retire (second);
  g_clear_pointer (&second, channels_identity_free);
  second = g_steal_pointer (&first);
  first = channels_identity_new (fixture->directory, LAYER);
  g_assert_false (channels_identity_is_restarted (first));
}

static void
test_identity_is_its_layers (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *killed = live (fixture, FALSE);
  g_autoptr (ChannelsIdentity) other = channels_identity_new (fixture->directory, "other" LAYER);
  g_autoptr (ChannelsIdentity) same = NULL;

  g_test_summary ("A node that was killed is remembered by the layer that it was in, and no other");

  g_assert_false (channels_identity_is_restarted (other));
  same = channels_identity_new (fixture->directory, LAYER);
  g_assert_cmpstr (channels_identity_get_prefix (same), ==, killed);
}

static void
test_identity_never_served (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ChannelsIdentity) failed = channels_identity_new (fixture->directory, LAYER);
  g_autoptr (ChannelsIdentity) next = NULL;

  g_test_summary ("A node that never began to serve is not remembered");

  g_clear_pointer (&failed, channels_identity_free);
  next = channels_identity_new (fixture->directory, LAYER);
  g_assert_false (channels_identity_is_restarted (next));
}

static void
test_identity_is_private (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ChannelsIdentity) identity = channels_identity_new (fixture->directory, LAYER);
  GStatBuf file, directory;

  g_test_summary ("The file is its owner's alone");

  g_assert_cmpint (g_stat (fixture->file, &file), ==, 0);
  g_assert_cmpint (g_stat (fixture->directory, &directory), ==, 0);
  g_assert_cmpuint (file.st_mode & 0777, ==, 0600);
  g_assert_cmpuint (directory.st_mode & 0777, ==, 0700);
  g_assert_nonnull (identity);
}

static void
test_identity_is_not_kept (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ChannelsIdentity) nowhere = channels_identity_new (NULL, LAYER);
  g_autoptr (ChannelsIdentity) impossible = channels_identity_new ("/dev/null/channels", LAYER);

  g_test_summary ("Where a name cannot be kept, it is a new one");

  g_assert_true (channels_node_prefix_validate (channels_identity_get_prefix (nowhere)));
  g_assert_true (channels_node_prefix_validate (channels_identity_get_prefix (impossible)));
  g_assert_cmpstr (channels_identity_get_prefix (nowhere), !=,
                   channels_identity_get_prefix (impossible));
  channels_identity_retire (nowhere);
  channels_identity_retire (impossible);
}

static void
test_identity_believes_no_garbage (Fixture *fixture, gconstpointer unused)
{
  static const char *const garbage[] = {
    "",
    "specific.0123456789abcdef0123456789abcdef",
    "specific.0123456789abcdef0123456789abcdeF!",
    "specific.0123456789abcdef0123456789abcdef!x",
    "specific.0123456789abcdef0123456789abcdef0!",
    "Specific.0123456789abcdef0123456789abcdef!",
    "specific.0123456789abcdef0123456789abcdef!\n",
  };

  g_test_summary ("What is no node's name in the file is replaced");

  g_assert_cmpint (g_mkdir (fixture->directory, 0700), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (garbage); i++)
    {
      g_autoptr (ChannelsIdentity) identity = NULL;
      g_autofree char *kept = NULL;

      g_assert_true (g_file_set_contents (fixture->file, garbage[i], -1, NULL));
      identity = channels_identity_new (fixture->directory, LAYER);
      g_assert_false (channels_identity_is_restarted (identity));
      channels_identity_keep (identity);
      g_assert_true (g_file_get_contents (fixture->file, &kept, NULL, NULL));
      g_assert_cmpstr (kept, ==, channels_identity_get_prefix (identity));
    }
}

static void
add (const char *path, void (*test) (Fixture *fixture, gconstpointer unused))
{
  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  /* A name that cannot be kept is worth a line in the log, and nothing else. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);

  add ("/identity/kept", test_identity_is_kept);
  add ("/identity/moves", test_identity_moves);
  add ("/identity/retires", test_identity_retires);
  add ("/identity/one-node", test_identity_is_one_nodes);
  add ("/identity/layer", test_identity_is_its_layers);
  add ("/identity/never-served", test_identity_never_served);
  add ("/identity/private", test_identity_is_private);
  add ("/identity/not-kept", test_identity_is_not_kept);
  add ("/identity/garbage", test_identity_believes_no_garbage);

  return g_test_run ();
}
