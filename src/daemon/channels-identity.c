/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-identity.h"

#include "channels-names.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* What a file's name begins with, and how many digits of its layer's digest follow. */
#define FILE_HEAD "node-"
#define DIGITS 16

/**
 * ChannelsIdentity:
 *
 * Which node this is: the part that the names of all its channels begin with.
 *
 * A node that is killed cannot say goodbye: whoever keeps memberships goes on to count it among
 * those that are reached, for up to a day. So a node keeps its name in a file while it lives, one
 * for each layer, and one that finds a name there was killed before, goes on under that name, and
 * can put in order what it left behind. The file is locked, so that no two nodes have one name, and
 * it lies where a session's files go with the session and the computer, since a copy of it on
 * another would be the same name twice; where there is no such place, or another node has the lock,
 * the name is new and not kept.
 */
struct _ChannelsIdentity
{
  char *prefix; /* (owned) */
  int fd;       /* (owned): of the file, locked; -1: the name is not kept */
  gboolean restarted;
};

static char *
make_path (const char *directory, const char *layer)
{
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, layer, -1);
  g_autofree char *name = g_strdup_printf (FILE_HEAD "%.*s", DIGITS, digest);

  return g_build_filename (directory, name, NULL);
}

/* The file, open and locked; -1 where that cannot be. */
static int
open_file (const char *directory, const char *layer)
{
  g_autofree char *path = make_path (directory, layer);
  int fd;

  if (g_mkdir_with_parents (directory, 0700) != 0)
    {
      g_message ("cannot make %s: %s", directory, g_strerror (errno));
      return -1;
    }

  fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    {
      g_message ("cannot open %s: %s", path, g_strerror (errno));
      return -1;
    }

  if (flock (fd, LOCK_EX | LOCK_NB) != 0)
    {
      g_debug ("cannot lock %s: %s", path, g_strerror (errno));
      close (fd);
      return -1;
    }

  return fd;
}

/* The name in the file; `NULL` where there is none. */
static char *
read_prefix (int fd)
{
  char text[CHANNELS_NAME_MAX + 1] = "";
  gssize size = pread (fd, text, sizeof text - 1, 0);

  return size > 0 && channels_node_prefix_validate (text) ? g_strdup (text) : NULL;
}

static gboolean
write_prefix (int fd, const char *prefix)
{
  gssize length = strlen (prefix);

  return ftruncate (fd, 0) == 0 && pwrite (fd, prefix, length, 0) == length;
}

/**
 * channels_identity_new:
 * @directory: (nullable): where the files are, which is made where it is missing; `NULL` to keep
 * none
 * @layer: what tells the layer from others: a node has a name in each
 *
 * Returns: (transfer full): the name of a node that was killed, or a new one
 */
ChannelsIdentity *
channels_identity_new (const char *directory, const char *layer)
{
  ChannelsIdentity *self = g_new0 (ChannelsIdentity, 1);

  self->fd = directory != NULL ? open_file (directory, layer) : -1;
  if (self->fd >= 0)
    self->prefix = read_prefix (self->fd);
  self->restarted = self->prefix != NULL;
  if (!self->restarted)
    self->prefix = channels_node_prefix_new ();

  return self;
}

/**
 * channels_identity_free:
 * @self: (nullable): an identity
 *
 * Lets go of the file, whose name stays.
 */
void
channels_identity_free (ChannelsIdentity *self)
{
  if (self == NULL)
    return;

  if (self->fd >= 0)
    close (self->fd);
  g_free (self->prefix);
  g_free (self);
}

/**
 * channels_identity_get_prefix:
 * @self: an identity
 *
 * Returns: (transfer none): what the node's channels begin with, up to and including the `!`
 */
const char *
channels_identity_get_prefix (const ChannelsIdentity *self)
{
  return self->prefix;
}

/**
 * channels_identity_is_restarted:
 * @self: an identity
 *
 * Returns: whether a node of this name was there before, and was killed
 */
gboolean
channels_identity_is_restarted (const ChannelsIdentity *self)
{
  return self->restarted;
}

/**
 * channels_identity_keep:
 * @self: an identity
 *
 * The node begins to serve: from now on it may leave something behind.
 */
void
channels_identity_keep (ChannelsIdentity *self)
{
  if (self->fd >= 0 && !write_prefix (self->fd, self->prefix))
    g_message ("cannot keep the node's name: %s", g_strerror (errno));
}

/**
 * channels_identity_move:
 * @self: an identity
 * @directory: (nullable): as in channels_identity_new()
 * @layer: as there
 *
 * The node goes on under its name in another layer, where it begins anew: what a node that was
 * killed left there is not its own.
 */
void
channels_identity_move (ChannelsIdentity *self, const char *directory, const char *layer)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = directory != NULL ? open_file (directory, layer) : -1;
  self->restarted = FALSE;
}

/**
 * channels_identity_retire:
 * @self: an identity
 *
 * The node has left everything behind as it should be: the next one gets a new name.
 */
void
channels_identity_retire (ChannelsIdentity *self)
{
  if (self->fd >= 0 && ftruncate (self->fd, 0) != 0)
    g_message ("cannot forget the node's name: %s", g_strerror (errno));
}
