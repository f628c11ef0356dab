/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-socket-input.h"

/**
 * ChannelsSocketInput:
 *
 * The reading half of a #ChannelsSocket, as libsoup sees it.
 *
 * First it gives libsoup a checked request head. Then, parked, it is fed: the socket reads, looks
 * at the frames' heads and calls channels_socket_input_feed() with what may pass, and libsoup's
 * callback is called from there, by hand.
 *
 * By hand, because SoupWebsocketConnection attaches a source to the thread's default context for
 * each connection and again after each read, and GLib walks all of them at every turn of the loop:
 * 10,000 idle browsers would make one message 150 times as dear. So create_source() makes the
 * parking context the default one while libsoup attaches, which is the last thing it does, and
 * whoever called libsoup calls channels_socket_input_unpark() when it returns. The callback is
 * asked of the source in the way in which GLib's own dispatcher asks it.
 */
struct _ChannelsSocketInput
{
  GInputStream parent_instance;

  GMainContext *parking; /* (owned) */
  GSource *source;       /* (unowned) (nullable): libsoup waits for it */
  GBytes *request;       /* (owned) (nullable): what is given first, until it is read */
  const guint8 *data;    /* (unowned): what may be read now */
  gsize size;            /* bytes of it */
  guint parked : 1;      /* sources are attached to the parking context */
  guint pushed : 1;      /* the parking context is the thread's default */
  guint ended : 1;       /* after data comes the end of the stream */
};

static void pollable_iface_init (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChannelsSocketInput,
                               channels_socket_input,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      pollable_iface_init))

typedef struct
{
  GSource source;
  ChannelsSocketInput *input; /* (owned) */
} InputSource;

static gboolean
input_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  GPollableSourceFunc func = (GPollableSourceFunc) (gpointer) callback;

  g_source_set_ready_time (source, -1);

  return func (G_OBJECT (((InputSource *) source)->input), user_data);
}

static void
input_source_finalize (GSource *source)
{
  InputSource *self = (InputSource *) source;

  if (self->input->source == source)
    self->input->source = NULL;
  g_object_unref (self->input);
}

static gboolean
input_source_closure (GObject *object, gpointer user_data)
{
  return G_SOURCE_REMOVE;
}

static GSourceFuncs input_source_funcs = {
  .dispatch = input_source_dispatch,
  .finalize = input_source_finalize,
  .closure_callback = (GSourceFunc) (gpointer) input_source_closure,
};

static gboolean
input_is_readable (GPollableInputStream *stream)
{
  ChannelsSocketInput *self = CHANNELS_SOCKET_INPUT (stream);

  return self->size > 0 || self->ended;
}

static GSource *
input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  ChannelsSocketInput *self = CHANNELS_SOCKET_INPUT (stream);
  GSource *source = g_source_new (&input_source_funcs, sizeof (InputSource));

  g_source_set_static_name (source, "[channels] browser");
  ((InputSource *) source)->input = g_object_ref (self);
  self->source = source;

  if (self->parked)
    {
      g_main_context_push_thread_default (self->parking);
      self->pushed = TRUE;
    }
  else if (input_is_readable (stream))
    g_source_set_ready_time (source, 0);

  return source;
}

static gssize
input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  ChannelsSocketInput *self = CHANNELS_SOCKET_INPUT (stream);
  gsize size = MIN (count, self->size);

  if (size == 0 && !self->ended)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "nothing to read yet");
      return -1;
    }

  if (size == 0)
    return 0;

  memcpy (buffer, self->data, size);
  self->data += size;
  self->size -= size;
  if (self->size == 0)
    g_clear_pointer (&self->request, g_bytes_unref);

  return size;
}

static gssize
channels_socket_input_read (GInputStream *stream,
                            void *buffer,
                            gsize count,
                            GCancellable *cancellable,
                            GError **error)
{
  return input_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), buffer, count, error);
}

static gboolean
channels_socket_input_close (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static void
channels_socket_input_finalize (GObject *object)
{
  ChannelsSocketInput *self = CHANNELS_SOCKET_INPUT (object);

  g_clear_pointer (&self->request, g_bytes_unref);
  g_main_context_unref (self->parking);

  G_OBJECT_CLASS (channels_socket_input_parent_class)->finalize (object);
}

static void
pollable_iface_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = input_is_readable;
  iface->create_source = input_create_source;
  iface->read_nonblocking = input_read_nonblocking;
}

static void
channels_socket_input_class_init (ChannelsSocketInputClass *klass)
{
  GInputStreamClass *stream_class = G_INPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = channels_socket_input_finalize;
  stream_class->read_fn = channels_socket_input_read;
  stream_class->close_fn = channels_socket_input_close;
}

static void
channels_socket_input_init (ChannelsSocketInput *self)
{
}

/**
 * channels_socket_input_new:
 * @parking: a context that nobody iterates
 * @request: (nullable): what is given first
 *
 * Returns: (transfer full): a stream
 */
ChannelsSocketInput *
channels_socket_input_new (GMainContext *parking, GBytes *request)
{
  ChannelsSocketInput *self = g_object_new (CHANNELS_TYPE_SOCKET_INPUT, NULL);

  self->parking = g_main_context_ref (parking);
  if (request != NULL)
    {
      self->request = g_bytes_ref (request);
      self->data = g_bytes_get_data (request, &self->size);
    }

  return self;
}

/**
 * channels_socket_input_park:
 * @self: a stream
 *
 * From now on the stream is fed, and its sources cost nothing.
 */
void
channels_socket_input_park (ChannelsSocketInput *self)
{
  self->parked = TRUE;
}

/**
 * channels_socket_input_unpark:
 * @self: a stream
 *
 * Must be called after every call into libsoup that may have made it wait for the stream, before
 * anything else is done.
 */
void
channels_socket_input_unpark (ChannelsSocketInput *self)
{
  if (!self->pushed)
    return;

  self->pushed = FALSE;
  g_main_context_pop_thread_default (self->parking);
}

/* Calls who waits for the stream. Returns FALSE if nobody does. */
static gboolean
call_reader (ChannelsSocketInput *self)
{
  GSource *source = self->source;
  GSourceCallbackFuncs *funcs;
  gpointer callback_data;
  GSourceFunc callback = NULL;
  gpointer user_data = NULL;

  if (source == NULL || g_source_is_destroyed (source) || source->callback_funcs == NULL)
    return FALSE;

  funcs = source->callback_funcs;
  callback_data = source->callback_data;
  g_source_ref (source);
  funcs->ref (callback_data);

  funcs->get (callback_data, source, &callback, &user_data);
  ((GPollableSourceFunc) (gpointer) callback) (G_OBJECT (self), user_data);
  channels_socket_input_unpark (self);

  funcs->unref (callback_data);
  g_source_unref (source);

  return TRUE;
}

/**
 * channels_socket_input_feed:
 * @self: a parked stream
 * @data: what came from the browser; not kept after this returns
 * @size: bytes of it
 *
 * Has libsoup read @data. What it does not want any more, since it closes, is dropped.
 */
void
channels_socket_input_feed (ChannelsSocketInput *self, const guint8 *data, gsize size)
{
  g_return_if_fail (self->parked && self->size == 0);

  self->data = data;
  self->size = size;
  while (self->size > 0 && call_reader (self))
    ;
  self->size = 0;
}

/**
 * channels_socket_input_end:
 * @self: a stream
 *
 * Ends the stream: libsoup closes, which is its cleanest way out.
 */
void
channels_socket_input_end (ChannelsSocketInput *self)
{
  if (self->ended)
    return;

  self->ended = TRUE;
  if (self->parked)
    call_reader (self);
  else if (self->source != NULL)
    g_source_set_ready_time (self->source, 0);
}
