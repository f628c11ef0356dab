/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-socket.h"

#include "channels-socket-output.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* How long an orderly end may take: for what waits to be written, and for the peer to close after
 * us, since a close() with unread data in it turns into a reset that takes our last words back. */
#define FLUSH_TIME (3 * G_TIME_SPAN_SECOND)
#define LINGER_TIME (1 * G_TIME_SPAN_SECOND)

/* How long a browser may take nothing of what waits for it. */
#define STALL_TIME (10 * G_TIME_SPAN_SECOND)

/**
 * ChannelsSocket:
 *
 * One browser's socket, as a stream that libsoup lies upon.
 *
 * What is read goes by ChannelsReader. For writing there is an outbox: what the kernel does not
 * take at once waits there, whoever it comes from, in order, whole and counted.
 *
 * Its life: open, until somebody closes the stream; closing, until what waits is written, the peer
 * has closed as well or time is up; then the descriptor is closed and `closed` called. A closing
 * socket keeps itself alive. Nothing in it ever calls up from within a call down: failures are told
 * from the loop.
 */
struct _ChannelsSocket
{
  GIOStream parent_instance;

  ChannelsPoller *poller; /* (owned) */
  ChannelsWatch watch;
  ChannelsDeadline deadline;    /* when it fails, or is aborted if it is doomed */
  ChannelsSocketOutput *output; /* (owned) */
  ChannelsOutbox outbox;
  ChannelsReader reader;
  const ChannelsSocketEvents *events; /* (unowned) (nullable) */
  gpointer owner;                     /* (unowned) */
  ChannelsSocketClosedFunc closed;
  gpointer closed_data; /* (unowned) */
  struct
  {
    guint parked : 1;   /* it speaks WebSocket now */
    guint readable : 1; /* the kernel may have more for us */
    guint hung_up : 1;  /* a short read says nothing any more */
    guint urgent : 1;   /* nor here, where more may stand behind what is urgent */
    guint deaf : 1;     /* what comes is thrown away */
    guint doomed : 1;   /* it is aborted when its deadline comes */
    guint closing : 1;  /* no more is accepted for writing */
    guint shut : 1;     /* the peer has been told that we write no more */
    guint failing : 1;  /* a failure is to be told */
    guint failed : 1;   /* it has been */
    guint failure : 1;  /* which: ChannelsSocketFailure */
  } is;
};

G_DEFINE_FINAL_TYPE (ChannelsSocket, channels_socket, G_TYPE_IO_STREAM)

static ChannelsDeadlines *
get_deadlines (ChannelsSocket *self)
{
  return channels_poller_get_deadlines (self->poller);
}

/* The descriptor goes, and with it the reference that a closing socket has to itself. */
static void
finish (ChannelsSocket *self)
{
  int fd = self->watch.fd;

  if (fd < 0)
    return;

  g_object_ref (self);
  channels_poller_note_blocked (self->poller);
  channels_deadlines_clear (get_deadlines (self), &self->deadline);
  channels_poller_remove (self->poller, &self->watch);
  g_close (fd, NULL);
  channels_outbox_clear (&self->outbox);
  channels_socket_output_shut (self->output);
  channels_reader_drop (&self->reader);

  if (self->is.closing)
    g_object_unref (self);
  self->is.closing = TRUE;

  self->closed (self, self->closed_data);
  g_object_unref (self);
}

static void
shut_if_written (ChannelsSocket *self)
{
  if (!self->is.closing || self->is.shut || self->outbox.backlog > 0 || self->watch.fd < 0)
    return;

  self->is.shut = TRUE;
  shutdown (self->watch.fd, SHUT_WR);
  channels_socket_abort_at (self, g_get_monotonic_time () + LINGER_TIME);
  self->is.readable = TRUE;
  channels_poller_call_again (self->poller, &self->watch);
}

/* A browser for which something waits has so long to take some of it. */
static void
watch_for_stall (ChannelsSocket *self)
{
  if (self->is.doomed)
    return;

  if (self->outbox.blocked)
    channels_deadlines_set (get_deadlines (self), &self->deadline,
                            g_get_monotonic_time () + STALL_TIME);
  else
    channels_deadlines_clear (get_deadlines (self), &self->deadline);
}

static void
write_outbox (ChannelsSocket *self)
{
  if (self->outbox.blocked || self->watch.fd < 0)
    return;

  if (channels_outbox_write (&self->outbox, self->watch.fd) == CHANNELS_OUTBOX_FAILED)
    {
      channels_outbox_clear (&self->outbox);
      channels_socket_fail (self, CHANNELS_SOCKET_FAILURE_GONE);
    }
  if (self->outbox.blocked)
    channels_poller_note_blocked (self->poller);
  watch_for_stall (self);
}

static gssize
receive (ChannelsSocket *self, guint8 *buffer, gsize size)
{
  gssize received = TEMP_FAILURE_RETRY (recv (self->watch.fd, buffer, size, MSG_DONTWAIT));

  /* A short read has emptied the kernel's queue, and an edge will tell of more; but a peer that
   * hung up has spent its last edge, and a read ends in front of what is urgent (MSG_OOB). */
  if (received < (gssize) size && !self->is.hung_up && !(self->is.urgent && received > 0))
    self->is.readable = FALSE;
  return received;
}

/* Reads what a closing peer still sends, so that our close() does not become a reset. */
static void
drain (ChannelsSocket *self)
{
  gsize size;
  guint8 *buffer = channels_poller_get_buffer (self->poller, &size);
  gssize received = receive (self, buffer, size);

  if (received == 0 || (received < 0 && errno != EAGAIN))
    {
      if (self->is.shut)
        finish (self);
      else if (self->is.hung_up && received < 0)
        channels_socket_fail (self, CHANNELS_SOCKET_FAILURE_GONE);
    }
  else if (self->is.readable)
    channels_poller_call_again (self->poller, &self->watch);
}

/* One turn of reading: at most one buffer of the poller's, and so many frames. */
static void
read_turn (ChannelsSocket *self)
{
  guint16 close_code = 0;

  if (self->reader.held != NULL)
    close_code = channels_reader_take_held (&self->reader);
  else if (self->is.readable)
    {
      gsize size;
      guint8 *buffer = channels_poller_get_buffer (self->poller, &size);
      gssize received = receive (self, buffer, size);

      if (received > 0)
        close_code = channels_reader_take (&self->reader, buffer, received);
      else if (received == 0 || errno != EAGAIN)
        channels_socket_end_input (self);
    }

  if (close_code != 0)
    {
      self->is.deaf = TRUE;
      if (self->events != NULL)
        self->events->violated (self, close_code, self->owner);
    }

  if (self->reader.held != NULL || self->is.readable)
    channels_poller_call_again (self->poller, &self->watch);
}

static void
tell_failure (ChannelsSocket *self)
{
  self->is.failing = FALSE;
  self->is.failed = TRUE;

  if (self->events != NULL)
    self->events->failed (self, self->is.failure, self->owner);
  else
    channels_socket_abort (self);
}

static void
on_watch (ChannelsWatch *watch, guint32 events)
{
  g_autoptr (ChannelsSocket) self =
      g_object_ref (G_STRUCT_MEMBER_P (watch, -G_STRUCT_OFFSET (ChannelsSocket, watch)));

  self->is.hung_up |= (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  self->is.urgent |= (events & EPOLLPRI) != 0;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
    self->is.readable = TRUE;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) && self->outbox.blocked)
    {
      self->outbox.blocked = FALSE;
      write_outbox (self);
      shut_if_written (self);
    }

  if (self->is.failing)
    tell_failure (self);

  if (self->watch.fd < 0)
    return;

  /* A peer that does not read is not read from: it can make us answer no more than it takes. */
  if (self->is.shut || self->is.deaf)
    drain (self);
  else if (self->is.parked && !self->outbox.blocked)
    read_turn (self);
}

static void
on_deadline (ChannelsDeadline *deadline, gint64 now)
{
  ChannelsSocket *self = G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (ChannelsSocket, deadline));

  if (self->is.doomed)
    channels_socket_abort (self);
  else
    channels_socket_fail (self, CHANNELS_SOCKET_FAILURE_SLOW);
}

static void
begin_closing (ChannelsSocket *self)
{
  if (self->is.closing)
    return;

  self->is.closing = TRUE;
  self->is.deaf = TRUE;
  channels_poller_note_blocked (self->poller);
  g_object_ref (self);

  if (!self->is.doomed)
    channels_socket_abort_at (self, g_get_monotonic_time () + FLUSH_TIME);
  write_outbox (self);
  shut_if_written (self);
}

static GInputStream *
channels_socket_get_input_stream (GIOStream *stream)
{
  return G_INPUT_STREAM (CHANNELS_SOCKET (stream)->reader.input);
}

static GOutputStream *
channels_socket_get_output_stream (GIOStream *stream)
{
  return G_OUTPUT_STREAM (CHANNELS_SOCKET (stream)->output);
}

static gboolean
channels_socket_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  begin_closing (CHANNELS_SOCKET (stream));

  return TRUE;
}

/* The default would close in a thread. */
static void
channels_socket_close_async (GIOStream *stream,
                             int io_priority,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, channels_socket_close_async);
  begin_closing (CHANNELS_SOCKET (stream));
  g_task_return_boolean (task, TRUE);
}

static gboolean
channels_socket_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
channels_socket_finalize (GObject *object)
{
  ChannelsSocket *self = CHANNELS_SOCKET (object);

  /* GIOStream was closed when it was disposed of, and a closing socket lives till it is. */
  g_warn_if_fail (self->watch.fd < 0);

  channels_socket_output_shut (self->output);
  channels_reader_clear (&self->reader);
  g_object_unref (self->output);
  g_object_unref (self->poller);

  G_OBJECT_CLASS (channels_socket_parent_class)->finalize (object);
}

static void
channels_socket_class_init (ChannelsSocketClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = channels_socket_finalize;
  stream_class->get_input_stream = channels_socket_get_input_stream;
  stream_class->get_output_stream = channels_socket_get_output_stream;
  stream_class->close_fn = channels_socket_close;
  stream_class->close_async = channels_socket_close_async;
  stream_class->close_finish = channels_socket_close_finish;
}

static void
channels_socket_init (ChannelsSocket *self)
{
  self->watch.fd = -1;
  self->watch.func = on_watch;
  self->deadline.func = on_deadline;
}

static void
on_output (const guint8 *data, gsize size, gpointer user_data)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);

  channels_socket_push (user_data, bytes, 0);
}

/**
 * channels_socket_new:
 * @poller: what watches it
 * @fd: (transfer full): a connected, non-blocking socket
 * @request: (nullable): what is read first: a checked request head
 * @budget: how much may wait to be written
 * @closed: called once, when the descriptor is closed
 * @user_data: (closure): passed to @closed
 *
 * Makes a stream of a descriptor; one that cannot be watched is as one whose peer has gone.
 *
 * Returns: (transfer full): a socket; it ends by g_io_stream_close() or its last reference
 */
ChannelsSocket *
channels_socket_new (ChannelsPoller *poller,
                     int fd,
                     GBytes *request,
                     const ChannelsOutboxBudget *budget,
                     ChannelsSocketClosedFunc closed,
                     gpointer user_data)
{
  ChannelsSocket *self = g_object_new (CHANNELS_TYPE_SOCKET, NULL);
  g_autoptr (GError) error = NULL;

  self->poller = g_object_ref (poller);
  channels_reader_init (&self->reader, channels_poller_get_parking (poller), request);
  self->output = channels_socket_output_new (on_output, self);
  channels_outbox_init (&self->outbox, budget);
  self->closed = closed;
  self->closed_data = user_data;
  if (!channels_poller_add (poller, &self->watch, fd, &error))
    {
      g_warning ("%s", error->message);
      self->watch.fd = fd;
      channels_socket_fail (self, CHANNELS_SOCKET_FAILURE_GONE);
    }

  return self;
}

/**
 * channels_socket_park:
 * @self: a socket that spoke HTTP so far
 * @message_size: bytes that one message may have
 * @early: (nullable): what came behind the request
 *
 * From now on it speaks WebSocket. Nothing is read before this returns.
 */
void
channels_socket_park (ChannelsSocket *self, gsize message_size, GBytes *early)
{
  g_return_if_fail (CHANNELS_IS_SOCKET (self) && !self->is.parked);

  self->is.parked = TRUE;
  self->is.readable = TRUE;
  channels_reader_park (&self->reader, message_size, early);
  channels_poller_call_again (self->poller, &self->watch);
}

/**
 * channels_socket_unpark:
 * @self: a socket; see channels_socket_input_unpark()
 */
void
channels_socket_unpark (ChannelsSocket *self)
{
  channels_socket_input_unpark (self->reader.input);
}

/**
 * channels_socket_set_owner:
 * @self: a socket
 * @events: (nullable): what is to be told
 * @owner: (closure): whom
 *
 * Sets who is told. An owner that goes away sets `NULL`.
 */
void
channels_socket_set_owner (ChannelsSocket *self, const ChannelsSocketEvents *events, gpointer owner)
{
  self->events = events;
  self->owner = owner;
  self->reader.func = events != NULL ? events->message : NULL;
  self->reader.owner = owner;
}

/**
 * channels_socket_is_open:
 * @self: a socket
 *
 * Returns: whether what is pushed has a chance to be written
 */
gboolean
channels_socket_is_open (ChannelsSocket *self)
{
  return !self->is.closing && !self->is.failing && !self->is.failed;
}

/**
 * channels_socket_get_backlog:
 * @self: a socket
 *
 * Returns: bytes that wait to be written
 */
gsize
channels_socket_get_backlog (ChannelsSocket *self)
{
  return self->outbox.backlog;
}

/**
 * channels_socket_get_last_heard:
 * @self: a socket that speaks WebSocket
 * @now: µs, monotonic
 *
 * Returns: µs, monotonic: when the browser last sent anything; @now where some of it is unread: we
 * had no time for it, or it takes too little to be read from
 */
gint64
channels_socket_get_last_heard (ChannelsSocket *self, gint64 now)
{
  guint8 byte;
  gboolean unread = recv (self->watch.fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) > 0;

  return unread ? now : self->reader.last_heard;
}

/**
 * channels_socket_push:
 * @self: a socket
 * @frames: whole frames, or HTTP
 * @events: how many events they hold; 0 for what is no event
 *
 * Writes, or has it wait behind what waits already. If that takes the backlog past its budget, the
 * frames are dropped and the socket fails with `CHANNELS_SOCKET_FAILURE_SLOW`; from then on every
 * event is dropped, so that none is left out in front of another.
 */
void
channels_socket_push (ChannelsSocket *self, GBytes *frames, guint events)
{
  if (self->watch.fd < 0 || self->is.closing || (events > 0 && !channels_socket_is_open (self)))
    return;

  if (channels_outbox_push (&self->outbox, frames, events))
    write_outbox (self);
  else
    channels_socket_fail (self, CHANNELS_SOCKET_FAILURE_SLOW);
}

/**
 * channels_socket_get_straight:
 * @self: a socket
 *
 * Whoever has the same bytes for many sockets may send() them past the outbox; what the kernel does
 * not take has to be pushed before anything else. The descriptor is good for that until
 * channels_poller_note_blocked() says otherwise.
 *
 * Returns: the descriptor; -1 while something waits, and once the socket is of no more use
 */
int
channels_socket_get_straight (ChannelsSocket *self)
{
  gboolean waits = self->outbox.backlog > 0 || self->outbox.blocked;

  return waits || !channels_socket_is_open (self) ? -1 : self->watch.fd;
}

/**
 * channels_socket_fail:
 * @self: a socket
 * @failure: why
 *
 * Has the owner told, from the loop, that the socket is of no more use.
 */
void
channels_socket_fail (ChannelsSocket *self, ChannelsSocketFailure failure)
{
  if (self->is.failing || self->is.failed)
    return;

  self->is.failing = TRUE;
  self->is.failure = failure;
  channels_poller_note_blocked (self->poller);
  channels_poller_call_again (self->poller, &self->watch);
}

/**
 * channels_socket_end_input:
 * @self: a socket that speaks WebSocket
 *
 * Hears the browser no more: libsoup is told that the stream has ended, and closes it.
 */
void
channels_socket_end_input (ChannelsSocket *self)
{
  self->is.deaf = TRUE;
  if (self->events != NULL)
    self->events->ended (self, self->owner);
  channels_reader_end (&self->reader);
}

/**
 * channels_socket_abort_at:
 * @self: a socket
 * @due: µs, monotonic
 *
 * Aborts the socket if it is still there at @due.
 */
void
channels_socket_abort_at (ChannelsSocket *self, gint64 due)
{
  if (self->watch.fd < 0)
    return;

  self->is.doomed = TRUE;
  channels_deadlines_set (get_deadlines (self), &self->deadline, due);
}

/**
 * channels_socket_abort:
 * @self: a socket
 *
 * Ends it here and now: what waits is dropped, the peer gets a reset, libsoup an end of the stream.
 * Only from the loop: it calls libsoup, which calls whoever listens to it.
 */
void
channels_socket_abort (ChannelsSocket *self)
{
  struct linger reset = { .l_onoff = 1, .l_linger = 0 };

  if (self->watch.fd < 0)
    return;

  g_object_ref (self);
  setsockopt (self->watch.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  finish (self);
  channels_socket_end_input (self);
  g_object_unref (self);
}
