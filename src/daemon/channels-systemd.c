/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-systemd.h"

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include <unistd.h>

/* Connections that are turned away at one socket: as many as may wait there (channelsd.socket). */
#define WAITING_MAX 1024

/* What a service manager hands over and hears. All of libsystemd is here; built without it, or
 * started by somebody else, there is no service manager. */

/**
 * channels_systemd_is_unit:
 *
 * Returns: whether we are the main process of a unit, which systemd says since version 248, and so
 * may be confined as the unit says
 */
gboolean
channels_systemd_is_unit (void)
{
  const char *text = g_getenv ("SYSTEMD_EXEC_PID");
  guint64 pid;

  return text != NULL && g_ascii_string_to_unsigned (text, 10, 1, G_MAXINT, &pid, NULL) &&
         (pid_t) pid == getpid ();
}

/**
 * channels_systemd_turn_away:
 * @sockets: (element-type GSocket): those that were handed over
 *
 * Closes what waits at them: nobody is going to be served. Left waiting, a connection would have
 * the service manager start us at once again, for the same end, until it gives the sockets up.
 */
void
channels_systemd_turn_away (GPtrArray *sockets)
{
  for (guint i = 0; i < sockets->len; i++)
    {
      GSocket *socket = g_ptr_array_index (sockets, i);
      GSocket *waiting;

      g_socket_set_blocking (socket, FALSE);
      for (guint n = 0; n < WAITING_MAX; n++)
        {
          waiting = g_socket_accept (socket, NULL, NULL);
          if (waiting == NULL)
            break;
          g_object_unref (waiting);
        }
    }
}

#ifdef HAVE_LIBSYSTEMD

static gboolean
take_socket (GPtrArray *sockets, int fd, const char *name, GError **error)
{
  GSocket *socket = g_socket_new_from_fd (fd, error);

  if (socket == NULL)
    {
      g_prefix_error (error, "descriptor %d, “%s”, that was handed over: ", fd, name);
      return FALSE;
    }

  g_ptr_array_add (sockets, socket);
  return TRUE;
}

/**
 * channels_systemd_take_sockets:
 * @error: return location for a `GError`, or `NULL`
 *
 * Takes the sockets that the service manager listens at for us; once. Fails with a `GIOErrorEnum`
 * where one is no socket.
 *
 * Returns: (transfer full) (element-type GSocket): the sockets, none where it listens at none;
 *   `NULL` with @error set where they cannot be used
 */
GPtrArray *
channels_systemd_take_sockets (GError **error)
{
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func (g_object_unref);
  g_auto (GStrv) names = NULL;
  int n = sd_listen_fds_with_names (TRUE, &names);

  if (n < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (-n),
                   "cannot take the sockets that were handed over: %s", g_strerror (-n));
      return NULL;
    }

  for (int i = 0; i < n; i++)
    {
      if (!take_socket (sockets, SD_LISTEN_FDS_START + i, names[i], error))
        return NULL;
    }

  return g_steal_pointer (&sockets);
}

/**
 * channels_systemd_is_listening:
 *
 * Returns: whether a service manager wants to be told how we are
 */
gboolean
channels_systemd_is_listening (void)
{
  return g_getenv ("NOTIFY_SOCKET") != NULL;
}

/**
 * channels_systemd_notify:
 * @state: lines of sd_notify(3)
 *
 * Tells the service manager, if there is one.
 */
void
channels_systemd_notify (const char *state)
{
  int result = sd_notify (FALSE, state);

  if (result < 0)
    g_debug ("the service manager does not listen: %s", g_strerror (-result));
}

/**
 * channels_systemd_get_watchdog:
 *
 * Returns: µs within which the service manager wants a sign of life, each time; 0: it wants none
 */
guint64
channels_systemd_get_watchdog (void)
{
  uint64_t interval = 0;

  return sd_watchdog_enabled (FALSE, &interval) > 0 ? interval : 0;
}

#else

GPtrArray *
channels_systemd_take_sockets (GError **error)
{
  return g_ptr_array_new_with_free_func (g_object_unref);
}

gboolean
channels_systemd_is_listening (void)
{
  return FALSE;
}

void
channels_systemd_notify (const char *state)
{
}

guint64
channels_systemd_get_watchdog (void)
{
  return 0;
}

#endif
