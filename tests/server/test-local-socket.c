/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-local-socket.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

typedef struct
{
  char *folder; /* (owned) */
  char *path;   /* (owned): in a folder in it */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("channels-local-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->folder, "channels", "ws.sock", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *folder = g_path_get_dirname (fixture->path);

  g_assert_no_errno (g_rmdir (folder));
  g_assert_no_errno (g_rmdir (fixture->folder));
  g_free (fixture->path);
  g_free (fixture->folder);
}

static ChannelsLocalSocket *
make (const char *path)
{
  g_autoptr (GError) error = NULL;
  ChannelsLocalSocket *made = channels_local_socket_new (path, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (channels_local_socket_get_path (made), ==, path);

  return made;
}

static guint
get_mode (const char *path)
{
  struct stat found;

  g_assert_no_errno (lstat (path, &found));

  return found.st_mode & 0777;
}

/* Whether somebody listens at @path, and @whose it is. */
static void
assert_connects (const char *path, ChannelsLocalSocket *whose)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) near =
      g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, &error);
  g_autoptr (GSocket) far = NULL;

  g_assert_no_error (error);
  g_socket_connect (near, address, NULL, &error);
  g_assert_no_error (error);
  far = g_socket_accept (channels_local_socket_get_socket (whose), NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (far);
}

static void
test_local_socket_is_ours_alone (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ChannelsLocalSocket) local = make (fixture->path);
  g_autofree char *folder = g_path_get_dirname (fixture->path);

  g_test_summary (
      "It listens, in a folder that only this user can enter, and goes when it is freed");

  g_assert_cmpuint (get_mode (folder), ==, 0700);
  g_assert_cmpuint (get_mode (fixture->path), ==, 0600);
  g_assert_false (g_socket_get_blocking (channels_local_socket_get_socket (local)));
  assert_connects (fixture->path, local);

  g_clear_pointer (&local, channels_local_socket_free);
  g_assert_false (g_file_test (fixture->path, G_FILE_TEST_EXISTS));
}

static void
test_local_socket_is_of_the_last (Fixture *fixture, gconstpointer unused)
{
  ChannelsLocalSocket *first = make (fixture->path);
  g_autoptr (ChannelsLocalSocket) last = make (fixture->path);

  g_test_summary ("It is of the last one that started; the one before leaves it alone");

  channels_local_socket_free (first);
  assert_connects (fixture->path, last);
}

static void
test_local_socket_takes_the_place_of_a_dead_one (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *new_path = g_strdup_printf ("%s.%d", fixture->path, getpid ());
  g_autofree char *folder = g_path_get_dirname (fixture->path);
  g_autoptr (ChannelsLocalSocket) local = NULL;

  g_test_summary ("What a process that was killed has left is nothing in its way");

  g_assert_no_errno (g_mkdir (folder, 0700));
  g_assert_no_errno (mknod (fixture->path, S_IFSOCK | 0600, 0));
  g_assert_no_errno (mknod (new_path, S_IFSOCK | 0600, 0));
  local = make (fixture->path);
  assert_connects (fixture->path, local);
  g_assert_false (g_file_test (new_path, G_FILE_TEST_EXISTS));
}

static void
assert_fails (const char *path, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (channels_local_socket_new (path, &error));
  g_assert_error (error, G_IO_ERROR, code);
}

static void
test_local_socket_needs_its_folder (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *folder = g_path_get_dirname (fixture->path);
  g_autofree char *name = g_strnfill (120, 'x');
  g_autofree char *too_long = g_build_filename (folder, name, NULL);

  g_test_summary (
      "A folder that others can enter, or one that is none, or a path that is too long");

  g_assert_no_errno (g_mkdir (folder, 0700));
  for (guint bit = 1; bit <= 040; bit <<= 1)
    {
      g_assert_no_errno (g_chmod (folder, 0700 | bit));
      assert_fails (fixture->path, G_IO_ERROR_PERMISSION_DENIED);
    }

  g_assert_no_errno (g_rmdir (folder));
  g_assert_no_errno (symlink (fixture->folder, folder));
  assert_fails (fixture->path, G_IO_ERROR_PERMISSION_DENIED);

  g_assert_no_errno (g_unlink (folder));
  g_assert_no_errno (g_mkdir (folder, 0700));
  assert_fails (too_long, G_IO_ERROR_FILENAME_TOO_LONG);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define add(path, test) g_test_add ("/local-socket/" path, Fixture, NULL, set_up, test, tear_down)

  add ("ours", test_local_socket_is_ours_alone);
  add ("last", test_local_socket_is_of_the_last);
  add ("dead", test_local_socket_takes_the_place_of_a_dead_one);
  add ("folder", test_local_socket_needs_its_folder);

  return g_test_run ();
}
