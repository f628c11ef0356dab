/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-local-socket.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* As that of an address: see ChannelsListener. */
#define BACKLOG 1024

/**
 * ChannelsLocalSocket:
 *
 * A Unix socket that programs of this user connect to, and no browser can.
 *
 * It gets its name when it listens, in the place of any that was there, and loses it when it is
 * freed. Where two services have one path it is of the last one that started, and the other one
 * leaves it alone.
 */
struct _ChannelsLocalSocket
{
  GSocket *socket;  /* (owned) (nullable): `NULL` while it is being made */
  char *path;       /* (owned) */
  struct stat file; /* which file is ours; st_ino 0: none is */
};

static gboolean
fail (GError **error, const char *path)
{
  int saved_errno = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), "%s: %s", path,
               g_strerror (saved_errno));
  return FALSE;
}

/* Whoever else could write there could put a socket of theirs in the place of ours. */
static gboolean
ensure_folder (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  struct stat found;

  if (g_mkdir_with_parents (folder, 0700) < 0 || lstat (folder, &found) < 0)
    return fail (error, folder);

  if (S_ISDIR (found.st_mode) && found.st_uid == geteuid () && (found.st_mode & 0077) == 0)
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
               "%s is no folder that only this user can enter", folder);
  return FALSE;
}

static gboolean
listen_at (ChannelsLocalSocket *self, const char *path, GError **error)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);

  /* GLib would cut it short. */
  if (strlen (path) >= sizeof ((struct sockaddr_un *) NULL)->sun_path)
    {
      errno = ENAMETOOLONG;
      return fail (error, path);
    }

  /* One that was left by a process of our number that was killed. */
  g_unlink (path);
  g_socket_set_blocking (self->socket, FALSE);
  g_socket_set_listen_backlog (self->socket, BACKLOG);

  return g_socket_bind (self->socket, address, FALSE, error) &&
         g_socket_listen (self->socket, error);
}

/* Gives it its name, in one step. */
static gboolean
publish (ChannelsLocalSocket *self, const char *from, GError **error)
{
  struct stat file;

  if (g_chmod (from, 0600) < 0 || lstat (from, &file) < 0 || g_rename (from, self->path) < 0)
    return fail (error, self->path);

  self->file = file;
  return TRUE;
}

/**
 * channels_local_socket_new:
 * @path: where it is to be: an absolute path
 * @error: return location for a `GError`, or `NULL`
 *
 * Listens at @path, whose folder is made if need be, and must be of this user alone. Fails with a
 * `GIOErrorEnum`, such as `G_IO_ERROR_PERMISSION_DENIED` where it is not.
 *
 * Returns: (transfer full): a socket that listens and does not block, or `NULL` with @error set
 */
ChannelsLocalSocket *
channels_local_socket_new (const char *path, GError **error)
{
  g_autoptr (ChannelsLocalSocket) self = g_new0 (ChannelsLocalSocket, 1);
  g_autofree char *new_path = g_strdup_printf ("%s.%d", path, getpid ());

  self->path = g_strdup (path);
  if (!ensure_folder (path, error))
    return NULL;

  self->socket =
      g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);
  if (self->socket == NULL)
    return NULL;

  if (listen_at (self, new_path, error) && publish (self, new_path, error))
    return g_steal_pointer (&self);

  g_unlink (new_path);
  return NULL;
}

/**
 * channels_local_socket_free:
 * @self: (nullable) (transfer full): a socket
 *
 * Removes its name, if that is still its own. The socket itself is closed with its last reference.
 */
void
channels_local_socket_free (ChannelsLocalSocket *self)
{
  struct stat file;

  if (self == NULL)
    return;

  if (self->file.st_ino != 0 && lstat (self->path, &file) == 0 &&
      file.st_ino == self->file.st_ino && file.st_dev == self->file.st_dev)
    g_unlink (self->path);

  g_clear_object (&self->socket);
  g_free (self->path);
  g_free (self);
}

/**
 * channels_local_socket_get_socket:
 * @self: a socket
 *
 * Returns: (transfer none): what listens
 */
GSocket *
channels_local_socket_get_socket (ChannelsLocalSocket *self)
{
  return self->socket;
}

/**
 * channels_local_socket_get_path:
 * @self: a socket
 *
 * Returns: (transfer none): where it is
 */
const char *
channels_local_socket_get_path (ChannelsLocalSocket *self)
{
  return self->path;
}

/**
 * channels_local_socket_is_served:
 * @path: an absolute path
 *
 * Returns: whether a socket of somebody who lives listens there
 */
gboolean
channels_local_socket_is_served (const char *path)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocket) probe =
      g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  g_autoptr (GError) error = NULL;

  if (probe == NULL || strlen (path) >= sizeof ((struct sockaddr_un *) NULL)->sun_path)
    return FALSE;

  /* One whose backlog is full is there all the same. */
  g_socket_set_blocking (probe, FALSE);
  return g_socket_connect (probe, address, NULL, &error) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}
