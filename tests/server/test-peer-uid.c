/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-peer-uid.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* `nobody`: who runs the tests as root has no files of its. */
#define ANOTHER_UID 65534

/* Where the server listens, and where the client says that it goes. */
typedef struct
{
  const char *listen;
  const char *connect;
} Way;

static const Way ipv4 = { "127.0.0.1", "127.0.0.1" };
static const Way ipv6 = { "::1", "::1" };
static const Way mapped = { "127.0.0.1", "::ffff:127.0.0.1" };

typedef struct
{
  struct sockaddr_storage storage;
  socklen_t size;
} Address;

static Address
parse (const char *text, guint16 port)
{
  Address address = { 0 };
  struct sockaddr_in *inet = (struct sockaddr_in *) &address.storage;
  struct sockaddr_in6 *inet6 = (struct sockaddr_in6 *) &address.storage;

  if (inet_pton (AF_INET, text, &inet->sin_addr) == 1)
    {
      inet->sin_family = AF_INET;
      inet->sin_port = g_htons (port);
      address.size = sizeof *inet;
    }
  else
    {
      g_assert_cmpint (inet_pton (AF_INET6, text, &inet6->sin6_addr), ==, 1);
      inet6->sin6_family = AF_INET6;
      inet6->sin6_port = g_htons (port);
      address.size = sizeof *inet6;
    }

  return address;
}

static int
open_listener (const Way *way, guint16 *out_port)
{
  Address address = parse (way->listen, 0);
  int fd = socket (address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_no_errno (fd);
  g_assert_no_errno (bind (fd, (struct sockaddr *) &address.storage, address.size));
  g_assert_no_errno (listen (fd, 1));
  g_assert_no_errno (getsockname (fd, (struct sockaddr *) &address.storage, &address.size));
  /* The port stands at the same place for both families. */
  *out_port = g_ntohs (((struct sockaddr_in *) &address.storage)->sin_port);

  return fd;
}

/* Returns -1 where it fails. */
static int
open_client (const Way *way, guint16 port)
{
  Address address = parse (way->connect, port);
  int fd = socket (address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd >= 0 && connect (fd, (struct sockaddr *) &address.storage, address.size) < 0)
    g_close (g_steal_fd (&fd), NULL);

  return fd;
}

static void
test_peer_is_who_runs_us (gconstpointer data)
{
  const Way *way = data;
  g_autoptr (GError) error = NULL;
  guint16 port;
  int listener = open_listener (way, &port);
  int client = open_client (way, port);
  int fd = accept (listener, NULL, NULL);
  uid_t uid = ANOTHER_UID;

  g_test_summary ("A client that this user runs is known to be this user's");

  g_assert_no_errno (fd);
  g_assert_true (channels_peer_uid_get (fd, &uid, &error));

  g_assert_no_error (error);
  g_assert_cmpuint (uid, ==, geteuid ());
  g_close (fd, NULL);
  g_close (client, NULL);
  g_close (listener, NULL);
}

/* Another user's client: connects, and stays until the test is over. */
static void
be_another_user (const Way *way, guint16 port, int until)
{
  char byte;

  if (setgid (ANOTHER_UID) < 0 || setuid (ANOTHER_UID) < 0 || open_client (way, port) < 0)
    _exit (1);

  _exit (read (until, &byte, 1) == 0 ? 0 : 1);
}

static void
test_peer_is_another_user (void)
{
  g_autoptr (GError) error = NULL;
  guint16 port;
  int listener = open_listener (&ipv4, &port);
  uid_t uid = geteuid ();
  int until[2];
  int status;
  int fd;
  pid_t child;

  g_test_summary ("A client that another user runs is known to be that user's");

  g_assert_no_errno (pipe (until));
  child = fork ();
  g_assert_no_errno (child);
  if (child == 0)
    {
      close (until[1]);
      be_another_user (&ipv4, port, until[0]);
    }

  fd = accept (listener, NULL, NULL);
  g_assert_true (channels_peer_uid_get (fd, &uid, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (uid, ==, ANOTHER_UID);

  g_close (until[0], NULL);
  g_close (until[1], NULL);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);
  g_close (fd, NULL);
  g_close (listener, NULL);
}

static void
test_peer_that_has_closed_is_nobody (gconstpointer data)
{
  const Way *way = data;
  g_autoptr (GError) error = NULL;
  guint16 port;
  int listener = open_listener (way, &port);
  int client = open_client (way, port);
  int fd = accept (listener, NULL, NULL);
  uid_t uid = ANOTHER_UID;

  g_test_summary ("A peer that has closed already belongs to nobody, least of all to root");

  g_close (client, NULL);

  g_assert_false (channels_peer_uid_get (fd, &uid, &error));
  g_assert_nonnull (error);
  g_assert_true (error->domain == G_IO_ERROR);
  g_assert_cmpuint (uid, ==, ANOTHER_UID);
  g_close (fd, NULL);
  g_close (listener, NULL);
}

static void
test_peer_of_what_is_not_connected_is_unknown (void)
{
  g_autoptr (GError) error = NULL;
  guint16 port;
  int listener = open_listener (&ipv4, &port);
  uid_t uid;

  g_test_summary ("A socket that is not connected has no peer");

  g_assert_false (channels_peer_uid_get (listener, &uid, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED);
  g_close (listener, NULL);
}

/* Whether this machine has an IPv6 loopback at all. */
static gboolean
has_ipv6 (void)
{
  Address address = parse (ipv6.listen, 0);
  int fd = socket (AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  gboolean bound = bind (fd, (struct sockaddr *) &address.storage, address.size) == 0;

  if (fd >= 0)
    g_close (fd, NULL);

  return bound;
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/peer-uid/own/ipv4", &ipv4, test_peer_is_who_runs_us);
  g_test_add_data_func ("/peer-uid/closed/ipv4", &ipv4, test_peer_that_has_closed_is_nobody);
  if (has_ipv6 ())
    {
      g_test_add_data_func ("/peer-uid/own/ipv6", &ipv6, test_peer_is_who_runs_us);
      g_test_add_data_func ("/peer-uid/own/mapped", &mapped, test_peer_is_who_runs_us);
      g_test_add_data_func ("/peer-uid/closed/ipv6", &ipv6, test_peer_that_has_closed_is_nobody);
    }
  /* Only root can become somebody else. */
  if (geteuid () == 0)
    g_test_add_func ("/peer-uid/another", test_peer_is_another_user);
  g_test_add_func ("/peer-uid/unconnected", test_peer_of_what_is_not_connected_is_unknown);

  return g_test_run ();
}
