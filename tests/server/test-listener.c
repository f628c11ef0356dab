/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-listener.h"

#include "channels-test-wait.h"
#include "ws-client.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BURST 200
#define TURN 64 /* connections */

typedef struct
{
  ChannelsPoller *poller;     /* (owned) */
  ChannelsListener *listener; /* (owned) */
  guint16 port;
  GArray *accepted;      /* (element-type int) (owned): descriptors */
  gboolean close_at_one; /* the first to be accepted closes the listener */
} Fixture;

static void
on_accepted (int fd, guint16 port, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_cmpuint (port, ==, fixture->port);
  g_array_append_val (fixture->accepted, fd);
  if (fixture->close_at_one)
    channels_listener_close (fixture->listener);
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GInetSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;

  fixture->accepted = g_array_new (FALSE, FALSE, sizeof (int));
  fixture->poller = channels_poller_new (&error);
  g_assert_no_error (error);
  fixture->listener =
      channels_listener_new (fixture->poller, "127.0.0.1", 0, on_accepted, fixture, &error);
  g_assert_no_error (error);
  address = channels_listener_get_address (fixture->listener);
  fixture->port = g_inet_socket_address_get_port (address);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_assert_finalize_object (fixture->listener);
  g_assert_finalize_object (fixture->poller);
  for (guint i = 0; i < fixture->accepted->len; i++)
    g_close (g_array_index (fixture->accepted, int, i), NULL);
  g_array_unref (fixture->accepted);
}

/* An attempt to listen that is to fail. */
static void
assert_fails (Fixture *fixture, const char *address, guint16 port, GIOErrorEnum code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (
      channels_listener_new (fixture->poller, address, port, on_accepted, fixture, &error));
  g_assert_error (error, G_IO_ERROR, (int) code);
}

static void
test_listener_finds_a_free_port (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GInetSocketAddress) address = channels_listener_get_address (fixture->listener);
  g_autofree char *host = g_inet_address_to_string (g_inet_socket_address_get_address (address));

  g_test_summary ("Port 0 is a free one, which the listener can name");

  g_assert_cmpstr (host, ==, "127.0.0.1");
  g_assert_cmpuint (fixture->port, >, 0);
}

static void
test_listener_accepts (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (WsClient) client = ws_client_connect (fixture->port);
  socklen_t size = sizeof (int);
  int no_delay;
  int fd;

  g_test_summary ("A connection is handed over non-blocking, at once, and to no other program");

  channels_test_wait_until (fixture->accepted->len == 1);
  fd = g_array_index (fixture->accepted, int, 0);

  g_assert_cmphex (fcntl (fd, F_GETFL) & O_NONBLOCK, ==, O_NONBLOCK);
  g_assert_cmphex (fcntl (fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
  g_assert_no_errno (getsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size));
  g_assert_cmpint (no_delay, !=, 0);
  g_assert_false (client->ended);
}

/* The descriptor, of this process, that listens at @port. */
static int
find_listening (guint16 port)
{
  for (int fd = 0; fd < 1024; fd++)
    {
      struct sockaddr_in address = { .sin_family = AF_UNSPEC };
      socklen_t address_size = sizeof address;
      int listens = 0;
      socklen_t size = sizeof listens;

      if (getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens &&
          getsockname (fd, (struct sockaddr *) &address, &address_size) == 0 &&
          g_ntohs (address.sin_port) == port)
        return fd;
    }

  g_assert_not_reached ();
}

static void
test_listener_has_a_long_queue (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *text = NULL;
  struct tcp_info info;
  socklen_t size = sizeof info;

  g_test_summary ("1,024 connections may wait to be accepted, if the system has so many wait");

  g_assert_true (g_file_get_contents ("/proc/sys/net/core/somaxconn", &text, NULL, NULL));
  g_assert_no_errno (
      getsockopt (find_listening (fixture->port), IPPROTO_TCP, TCP_INFO, &info, &size));

  /* Of a socket that listens it is the length of the queue. */
  g_assert_cmpuint (info.tcpi_sacked, ==, MIN (1024, g_ascii_strtoull (text, NULL, 10)));
}

static void
test_listener_listens_at_ipv6 (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ChannelsListener) listener = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("An IPv6 address is its own: the same port of IPv4 may be taken");

  listener =
      channels_listener_new (fixture->poller, "::1", fixture->port, on_accepted, fixture, &error);

  g_assert_no_error (error);
  g_assert_nonnull (listener);

  /* What is listened at everywhere is so for IPv6 alone. */
  g_clear_object (&listener);
  listener =
      channels_listener_new (fixture->poller, "::", fixture->port, on_accepted, fixture, &error);
  g_assert_no_error (error);
  g_assert_nonnull (listener);
}

static void
test_listener_says_why_it_cannot (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("An address that is taken, or none, is an error that says so");

  assert_fails (fixture, "127.0.0.1", fixture->port, G_IO_ERROR_ADDRESS_IN_USE);
  assert_fails (fixture, "localhost", 0, G_IO_ERROR_INVALID_ARGUMENT);
  assert_fails (fixture, "", 0, G_IO_ERROR_INVALID_ARGUMENT);
}

static void
test_listener_accepts_a_burst (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify) ws_client_free);

  g_test_summary (
      "Two hundred connections come at once: all are accepted, 64 in a turn of the loop");

  for (guint i = 0; i < BURST; i++)
    g_ptr_array_add (clients, ws_client_connect (fixture->port));
  g_assert_cmpuint (fixture->accepted->len, ==, 0);

  channels_test_wait_until (fixture->accepted->len > 0);
  g_assert_cmpuint (fixture->accepted->len, ==, TURN);
  channels_test_wait_until (fixture->accepted->len == BURST);
}

/* Takes every descriptor that is left up to @limit. */
static GArray *
use_up_descriptors (const struct rlimit *limit)
{
  GArray *fds = g_array_new (FALSE, FALSE, sizeof (int));
  int fd;

  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, limit));
  while ((fd = open ("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
    g_array_append_val (fds, fd);
  g_assert_cmpint (errno, ==, EMFILE);

  return fds;
}

static void
connect_to (int fd, guint16 port)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_port = g_htons (port),
                                 .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };

  g_assert_no_errno (connect (fd, (struct sockaddr *) &address, sizeof address));
}

static void
test_listener_survives_without_descriptors (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (WsClient) first = NULL;
  g_autoptr (GArray) fds = NULL;
  struct rlimit before;
  struct rlimit tight;
  int peers[3]; /* valgrind's accept4() drops one of its own account */

  g_test_summary ("Out of descriptors, it drops one connection, rests, and then accepts the next");

  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    peers[i] = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &before));
  tight = (struct rlimit){ .rlim_cur = MIN (64, before.rlim_cur), .rlim_max = before.rlim_max };
  fds = use_up_descriptors (&tight);

  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    connect_to (peers[i], fixture->port);
  first = ws_client_new (peers[0]);
  g_test_expect_message ("channels-server", G_LOG_LEVEL_WARNING, "cannot accept a connection*");
  channels_test_wait_until (first->ended);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (fixture->accepted->len, ==, 0);

  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &before));
  channels_test_wait_until (fixture->accepted->len > 0);
  for (guint i = 0; i < fds->len; i++)
    g_close (g_array_index (fds, int, i), NULL);
  for (guint i = 1; i < G_N_ELEMENTS (peers); i++)
    g_close (peers[i], NULL);
}

static gboolean
survive (const char *domain, GLogLevelFlags level, const char *message, gpointer unused)
{
  return FALSE;
}

static void
count (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
test_listener_complains_once_a_second (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify) ws_client_free);
  g_autoptr (GArray) fds = NULL;
  gint64 begun = g_get_monotonic_time ();
  guint n_complaints = 0;
  struct rlimit before;
  struct rlimit tight;
  guint handler;

  g_test_summary ("As long as there are no descriptors it says so once a second, whoever comes");

  for (guint i = 0; i < 4; i++)
    g_ptr_array_add (clients, ws_client_connect (fixture->port));
  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &before));
  tight = (struct rlimit){ .rlim_cur = MIN (64, before.rlim_cur), .rlim_max = before.rlim_max };
  fds = use_up_descriptors (&tight);
  g_test_log_set_fatal_handler (survive, NULL);
  handler = g_log_set_handler ("channels-server", G_LOG_LEVEL_WARNING | G_LOG_FLAG_FATAL, count,
                               &n_complaints);

  for (guint i = 0; i < clients->len; i++)
    channels_test_wait_until (((WsClient *) g_ptr_array_index (clients, i))->ended);
  g_assert_cmpuint (n_complaints, >, 0);
  g_assert_cmpint (n_complaints, <=, 1 + (g_get_monotonic_time () - begun) / G_TIME_SPAN_SECOND);

  g_log_remove_handler ("channels-server", handler);
  for (guint i = 0; i < fds->len; i++)
    g_close (g_array_index (fds, int, i), NULL);
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &before));
}

static void
test_listener_gives_up (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A socket that somebody else has shut is left alone, and the loop can sleep");

  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_test_expect_message ("channels-server", G_LOG_LEVEL_WARNING, "port * is no longer listened*");
  g_assert_no_errno (shutdown (find_listening (fixture->port), SHUT_RDWR));
  g_main_context_iteration (NULL, TRUE);

  g_test_assert_expected_messages ();
  g_assert_false (g_main_context_pending (NULL));
}

static void
test_listener_closes (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (WsClient) waiting = ws_client_connect (fixture->port);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsListener) next = NULL;

  g_test_summary ("Closed, it drops who was not accepted yet, and its port is free");

  channels_listener_close (fixture->listener);
  channels_listener_close (fixture->listener);

  ws_client_expect_reset (waiting);
  g_assert_cmpuint (fixture->accepted->len, ==, 0);
  next = channels_listener_new (fixture->poller, "127.0.0.1", fixture->port, on_accepted, fixture,
                                &error);
  g_assert_no_error (error);
}

static void
test_listener_closes_within_its_callback (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (WsClient) first = ws_client_connect (fixture->port);
  g_autoptr (WsClient) second = ws_client_connect (fixture->port);

  g_test_summary ("Closed by who is handed a connection, it hands over no other");

  fixture->close_at_one = TRUE;

  ws_client_expect_reset (second);
  g_assert_false (first->ended);
  g_assert_cmpuint (fixture->accepted->len, ==, 1);
}

/* One that listens, and that the test holds as a service manager would. */
static GSocket *
open_socket (const char *address, GSocketType type, gboolean listens)
{
  g_autoptr (GSocketAddress) where = g_inet_socket_address_new_from_string (address, 0);
  g_autoptr (GError) error = NULL;
  GSocket *socket =
      g_socket_new (g_socket_address_get_family (where), type, G_SOCKET_PROTOCOL_DEFAULT, &error);

  g_assert_no_error (error);
  g_assert_true (g_socket_bind (socket, where, TRUE, &error));
  g_assert_true (!listens || g_socket_listen (socket, &error));
  g_assert_no_error (error);

  return socket;
}

/* Another descriptor of it, as one is handed over. */
static GSocket *
hand_over (GSocket *socket)
{
  g_autoptr (GError) error = NULL;
  GSocket *handed = g_socket_new_from_fd (dup (g_socket_get_fd (socket)), &error);

  g_assert_no_error (error);

  return handed;
}

static ChannelsListener *
adopt (Fixture *fixture, GSocket *socket)
{
  g_autoptr (GSocket) handed = hand_over (socket);
  g_autoptr (GInetSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;
  ChannelsListener *listener =
      channels_listener_new_adopted (fixture->poller, handed, on_accepted, fixture, &error);

  g_assert_no_error (error);
  address = channels_listener_get_address (listener);
  fixture->port = g_inet_socket_address_get_port (address);

  return listener;
}

static void
test_listener_adopts_a_socket (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GSocket) held = open_socket ("127.0.0.1", G_SOCKET_TYPE_STREAM, TRUE);
  g_autoptr (ChannelsListener) first = adopt (fixture, held);
  g_autoptr (WsClient) accepted = ws_client_connect (fixture->port);
  g_autoptr (ChannelsListener) next = NULL;
  g_autoptr (WsClient) waiting = NULL;

  g_test_summary ("At a socket that was handed over, who is not accepted by one is by the next");

  channels_test_wait_until (fixture->accepted->len == 1);
  g_assert_false (accepted->ended);
  g_assert_true (channels_listener_is_adopted (first));
  g_assert_false (channels_listener_is_adopted (fixture->listener));

  g_assert_true (channels_listener_pause (first));
  waiting = ws_client_connect (fixture->port);
  channels_listener_close (first);
  next = adopt (fixture, held);

  channels_test_wait_until (fixture->accepted->len == 2);
  g_assert_false (waiting->ended);
}

static void
test_listener_pauses (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (WsClient) waiting = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("While it pauses nobody is accepted; it says who waits, and accepts them then");

  g_assert_true (channels_listener_pause (fixture->listener));
  waiting = ws_client_connect (fixture->port);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (fixture->accepted->len, ==, 0);

  g_assert_true (channels_listener_resume (fixture->listener, &error));
  g_assert_false (channels_listener_pause (fixture->listener));
  g_assert_true (channels_listener_resume (fixture->listener, &error));
  g_assert_no_error (error);
  channels_test_wait_until (fixture->accepted->len == 1);
}

static void
test_listener_adopts_nothing_else (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    const char *address;
    GSocketType type;
    gboolean listens;
  } others[] = {
    { "0.0.0.0", G_SOCKET_TYPE_STREAM, TRUE },      { "127.0.0.2", G_SOCKET_TYPE_STREAM, TRUE },
    { "::", G_SOCKET_TYPE_STREAM, TRUE },           { "127.0.0.1", G_SOCKET_TYPE_STREAM, FALSE },
    { "127.0.0.1", G_SOCKET_TYPE_DATAGRAM, FALSE },
  };

  g_test_summary ("A socket that is none of the loopback, or does not listen, is refused");

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autoptr (GSocket) socket =
          open_socket (others[i].address, others[i].type, others[i].listens);
      g_autoptr (GError) error = NULL;

      g_assert_null (
          channels_listener_new_adopted (fixture->poller, socket, on_accepted, fixture, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
}

#define add(path, test) g_test_add ("/listener/" path, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("port-0", test_listener_finds_a_free_port);
  add ("accepts", test_listener_accepts);
  add ("ipv6", test_listener_listens_at_ipv6);
  add ("errors", test_listener_says_why_it_cannot);
  add ("burst", test_listener_accepts_a_burst);
  add ("queue", test_listener_has_a_long_queue);
  add ("no-descriptors", test_listener_survives_without_descriptors);
  add ("complaints", test_listener_complains_once_a_second);
  add ("adopted/next", test_listener_adopts_a_socket);
  add ("adopted/others", test_listener_adopts_nothing_else);
  add ("pause", test_listener_pauses);
  add ("shut", test_listener_gives_up);
  add ("close", test_listener_closes);
  add ("close-in-callback", test_listener_closes_within_its_callback);

  return g_test_run ();
}
