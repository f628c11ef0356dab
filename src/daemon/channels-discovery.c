/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-discovery.h"

#include "channels-names.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/**
 * ChannelsDiscovery:
 *
 * Where the page is, in a file that only this user can read, for programs without a bus.
 *
 * The file is there, and whole, exactly while somebody listens at that URL: it gets its name when
 * it is written, and is removed before the door is shut. Where two services share a directory it
 * is of the last one that started, and the other one leaves it alone.
 */
struct _ChannelsDiscovery
{
  char *path;       /* (owned) (nullable): `NULL` where there is no place for it */
  struct stat file; /* which file is ours; st_ino 0: none is */
};

/**
 * channels_discovery_get_directory:
 *
 * Returns: (transfer full) (nullable): where the files of this session are, whether it is there or
 *   not; `NULL` where a session has no such place
 */
char *
channels_discovery_get_directory (void)
{
  const char *runtime = g_getenv ("XDG_RUNTIME_DIR");

  return runtime != NULL && g_path_is_absolute (runtime)
             ? g_build_filename (runtime, CHANNELS_FOLDER, NULL)
             : NULL;
}

/**
 * channels_discovery_new:
 * @directory: (nullable): where the file is to be; `NULL`: nowhere
 *
 * Returns: (transfer full): a file that is not there yet
 */
ChannelsDiscovery *
channels_discovery_new (const char *directory)
{
  ChannelsDiscovery *self = g_new0 (ChannelsDiscovery, 1);

  if (directory != NULL)
    self->path = g_build_filename (directory, CHANNELS_URL_FILE_NAME, NULL);

  return self;
}

/**
 * channels_discovery_free:
 * @self: (nullable) (transfer full): a file, which is removed if it is there
 */
void
channels_discovery_free (ChannelsDiscovery *self)
{
  if (self == NULL)
    return;

  channels_discovery_withdraw (self);
  g_free (self->path);
  g_free (self);
}

/* Writes @text into a new file at @path. */
static gboolean
write_new (const char *path, const char *text, struct stat *out_file)
{
  size_t length = strlen (text);
  int fd = g_open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  gboolean written =
      fd >= 0 && write (fd, text, length) == (ssize_t) length && fstat (fd, out_file) == 0;
  int saved_errno = errno;

  if (fd >= 0)
    close (fd);
  errno = saved_errno;

  return written;
}

/**
 * channels_discovery_publish:
 * @self: a file
 * @url: what stands in it
 *
 * Puts the file there, in one step, in the place of any that is there. That it cannot be written is
 * logged, and nothing else: the bus says the same.
 */
void
channels_discovery_publish (ChannelsDiscovery *self, const char *url)
{
  g_autofree char *directory = NULL;
  g_autofree char *new_path = NULL;
  g_autofree char *line = g_strconcat (url, "\n", NULL);
  struct stat file;

  if (self->path == NULL)
    return;

  directory = g_path_get_dirname (self->path);
  new_path = g_strdup_printf ("%s.%d", self->path, getpid ());
  /* One that was left by a process of our number that was killed. */
  g_unlink (new_path);
  if (g_mkdir_with_parents (directory, 0700) == 0 && write_new (new_path, line, &file) &&
      g_rename (new_path, self->path) == 0)
    {
      self->file = file;
      return;
    }

  g_message ("cannot write %s: %s", self->path, g_strerror (errno));
  g_unlink (new_path);
}

/**
 * channels_discovery_withdraw:
 * @self: a file
 *
 * Removes the file, if it is there and ours.
 */
void
channels_discovery_withdraw (ChannelsDiscovery *self)
{
  struct stat file;

  if (self->file.st_ino != 0 && g_stat (self->path, &file) == 0 &&
      file.st_ino == self->file.st_ino && file.st_dev == self->file.st_dev)
    g_unlink (self->path);
  self->file.st_ino = 0;
}
