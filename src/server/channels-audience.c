/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-audience.h"

#include "channels-error.h"
#include "channels-member.h"
#include "channels-names.h"

#include <errno.h>
#include <sys/socket.h>

/* Bytes that gather before they are written in the middle of a turn: enough to make a system call
 * cheap, little enough to stay in the cache and in a socket's buffer. */
#define BATCH_MAX (256 * 1024)

/* Bytes that gather while an earlier batch is still being written; then that has to come to its end
 * at once. */
#define GATHERED_MAX (4 * BATCH_MAX)

/* Writes of one turn of the loop, and bytes in all: about two milliseconds. Others have their turn
 * before the next. */
#define SLICE_WRITES 256
#define SLICE_BYTES (4 * 1024 * 1024)

/**
 * ChannelsAudience:
 *
 * The browsers of one group that are shown events in the same way: one member of the group for all
 * of them.
 *
 * A write to a loopback socket costs some 2 µs, nearly all of it in the kernel; so there are to be
 * few. An event is encoded once, the frames of one turn of the loop are joined, and each browser
 * gets them in one write. Who cannot take all of it gets the rest in its outbox, as a reference to
 * bytes that all slow ones share.
 *
 * A batch that many browsers get is written in slices, with turns of the loop in between, in which
 * more may gather: that is the next batch. Who joins or leaves meanwhile, or is written to
 * alone, has it come to its end first.
 *
 * The rest is a matter of caches. The descriptors lie side by side, so that a flush need not look
 * at the browsers themselves. And each flush goes the other way than the one before: what the
 * kernel keeps of a thousand connections is more than a cache holds, and whoever walks it in a
 * circle finds none of it there; this way it starts with those that were written to last.
 */
struct _ChannelsAudience
{
  GObject parent_instance;

  ChannelsHub *hub;           /* (owned) */
  ChannelsPoller *poller;     /* (owned) */
  ChannelsConsumer *consumer; /* (owned) */
  char *group;                /* (owned) */
  GArray *places;             /* (element-type Place) (owned) */
  GByteArray *gathered;       /* (owned): whole frames, for all seats */
  GArray *gathered_ends;      /* (element-type gsize) (owned): where each event ends in them */
  GByteArray *batch;          /* (owned): the same, while it is being written; else empty */
  GArray *ends;               /* (element-type gsize) (owned): likewise */
  GBytes *shared;             /* (owned) (nullable): a copy of the batch for those that are slow */
  guint n_written;            /* places that have been given the batch */
  ChannelsFlush flush;
  guint n_blocked;   /* of the poller, when the descriptors were looked up */
  gboolean backward; /* the next flush begins with the last */
};

/* All that a flush touches of a browser that takes what it is given. */
typedef struct
{
  ChannelsSeat *seat; /* (unowned) */
  int fd;             /* where to write; -1 where the socket has to be asked first */
} Place;

static void member_iface_init (ChannelsMemberInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChannelsAudience,
                               channels_audience,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHANNELS_TYPE_MEMBER, member_iface_init))

/* The first event that is not wholly within the first @written bytes of the batch. */
static guint
find_unwritten (ChannelsAudience *self, gsize written)
{
  guint first = 0;

  while (first < self->ends->len && g_array_index (self->ends, gsize, first) <= written)
    first++;

  return first;
}

static void
push_part (ChannelsSocket *socket, GBytes *batch, gsize from, gsize to, guint events)
{
  g_autoptr (GBytes) part = NULL;

  if (from == to)
    return;

  part = g_bytes_new_from_bytes (batch, from, to - from);
  channels_socket_push (socket, part, events);
}

static void
push_rest (ChannelsAudience *self, ChannelsSocket *socket, gsize written)
{
  guint first = find_unwritten (self, written);
  gsize end = self->batch->len;

  if (!channels_socket_is_open (socket))
    return;

  if (self->shared == NULL)
    self->shared = g_bytes_new (self->batch->data, self->batch->len);

  /* What is begun has to be ended, whatever else fits: a frame cut short is the end of all sense.
   */
  if (written > 0)
    {
      gsize cut = g_array_index (self->ends, gsize, first);

      push_part (socket, self->shared, written, cut, 1);
      written = cut;
      first++;
    }

  push_part (socket, self->shared, written, end, self->ends->len - first);
}

/* Returns how much of the batch the kernel has taken; the descriptor is -1 unless it was all. */
static gsize
write_batch (ChannelsAudience *self, Place *place)
{
  gssize written;

  if (place->fd < 0)
    place->fd = channels_socket_get_straight (place->seat->socket);
  if (place->fd < 0)
    return 0;

  do
    written = send (place->fd, self->batch->data, self->batch->len, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (written < 0 && errno == EINTR);

  if (written == (gssize) self->batch->len)
    return (gsize) written;

  place->fd = -1;
  if (written < 0 && errno != EAGAIN)
    channels_socket_fail (place->seat->socket, CHANNELS_SOCKET_FAILURE_GONE);

  return (gsize) MAX (written, 0);
}

static void
forget_descriptors (ChannelsAudience *self)
{
  guint n_blocked = channels_poller_count_blocked (self->poller);

  if (n_blocked == self->n_blocked)
    return;

  self->n_blocked = n_blocked;
  for (guint i = 0; i < self->places->len; i++)
    g_array_index (self->places, Place, i).fd = -1;
}

/* What has gathered is the next batch to be written. */
static void
begin_batch (ChannelsAudience *self)
{
  GByteArray *batch = self->batch;
  GArray *ends = self->ends;

  self->batch = self->gathered;
  self->ends = self->gathered_ends;
  self->gathered = batch;
  self->gathered_ends = ends;
  self->n_written = 0;
}

static void
end_batch (ChannelsAudience *self)
{
  self->backward = !self->backward;
  g_clear_pointer (&self->shared, g_bytes_unref);
  g_array_set_size (self->ends, 0);

  if (self->batch->len > BATCH_MAX)
    {
      g_byte_array_unref (self->batch);
      self->batch = g_byte_array_new ();
    }
  else
    g_byte_array_set_size (self->batch, 0);
}

/* Goes on with the batch, for no more than @slice writes; returns whether it has come to its end.
 */
static gboolean
go_on (ChannelsAudience *self, guint slice)
{
  guint n_places = self->places->len;

  /* Sockets are closed by the loop, never from within a write: descriptors stay good meanwhile. */
  forget_descriptors (self);
  for (; self->n_written < n_places && slice > 0; slice--)
    {
      guint at = self->backward ? n_places - 1 - self->n_written : self->n_written;
      Place *place = &g_array_index (self->places, Place, at);
      gsize written = write_batch (self, place);

      if (written < self->batch->len)
        push_rest (self, place->seat->socket, written);

      self->n_written++;
    }

  if (self->n_written < n_places)
    return FALSE;

  end_batch (self);
  return TRUE;
}

/* Writes for one turn of the loop; nothing where channels_audience_flush() came first. */
static void
write_slice (ChannelsAudience *self)
{
  if (self->batch->len == 0 && self->gathered->len == 0)
    return;

  if (self->batch->len == 0)
    begin_batch (self);

  if (!go_on (self, CLAMP (SLICE_BYTES / self->batch->len, 1, SLICE_WRITES)) ||
      self->gathered->len > 0)
    channels_poller_flush_later (self->poller, &self->flush);
}

static void
on_flush (ChannelsFlush *flush)
{
  write_slice (G_STRUCT_MEMBER_P (flush, -G_STRUCT_OFFSET (ChannelsAudience, flush)));
}

static guint
audience_deliver (ChannelsMember *member, const char *group, ChannelsEvent *event)
{
  ChannelsAudience *self = CHANNELS_AUDIENCE (member);
  gsize end;

  if (!channels_consumer_encode (self->consumer, event, self->gathered))
    return 0;

  end = self->gathered->len;
  g_array_append_val (self->gathered_ends, end);
  if (end >= GATHERED_MAX)
    channels_audience_flush (self);
  else if (end >= BATCH_MAX && self->batch->len == 0)
    write_slice (self);
  else
    channels_poller_flush_later (self->poller, &self->flush);

  return self->places->len;
}

static guint
audience_get_size (ChannelsMember *member, const char *group)
{
  return channels_audience_get_size (CHANNELS_AUDIENCE (member));
}

static void
audience_list (ChannelsMember *member,
               const char *group,
               ChannelsMemberFunc func,
               gpointer user_data)
{
  ChannelsAudience *self = CHANNELS_AUDIENCE (member);

  for (guint i = 0; i < self->places->len; i++)
    {
      const ChannelsSeat *seat = g_array_index (self->places, Place, i).seat;

      func (seat->channel, CHANNELS_KIND_WEBSOCKET, seat->joined, user_data);
    }
}

static gboolean
audience_disconnect (ChannelsMember *member, guint16 code, const char *reason, GError **error)
{
  g_set_error_literal (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED,
                       "an audience has no channel of its own");

  return FALSE;
}

static void
member_iface_init (ChannelsMemberInterface *iface)
{
  iface->deliver = audience_deliver;
  iface->get_size = audience_get_size;
  iface->list = audience_list;
  iface->disconnect = audience_disconnect;
}

static void
channels_audience_dispose (GObject *object)
{
  ChannelsAudience *self = CHANNELS_AUDIENCE (object);

  if (self->poller != NULL)
    channels_poller_forget_flush (self->poller, &self->flush);
  g_clear_object (&self->hub);
  g_clear_object (&self->poller);
  g_clear_object (&self->consumer);

  G_OBJECT_CLASS (channels_audience_parent_class)->dispose (object);
}

static void
channels_audience_finalize (GObject *object)
{
  ChannelsAudience *self = CHANNELS_AUDIENCE (object);

  g_free (self->group);
  g_array_unref (self->places);
  g_byte_array_unref (self->gathered);
  g_array_unref (self->gathered_ends);
  g_byte_array_unref (self->batch);
  g_array_unref (self->ends);
  g_clear_pointer (&self->shared, g_bytes_unref);

  G_OBJECT_CLASS (channels_audience_parent_class)->finalize (object);
}

static void
channels_audience_class_init (ChannelsAudienceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = channels_audience_dispose;
  object_class->finalize = channels_audience_finalize;
}

static void
channels_audience_init (ChannelsAudience *self)
{
  self->places = g_array_new (FALSE, FALSE, sizeof (Place));
  self->gathered = g_byte_array_new ();
  self->gathered_ends = g_array_new (FALSE, FALSE, sizeof (gsize));
  self->batch = g_byte_array_new ();
  self->ends = g_array_new (FALSE, FALSE, sizeof (gsize));
  self->flush.func = on_flush;
}

/**
 * channels_audience_new:
 * @hub: where it joins the group, with its first browser
 * @poller: when it writes
 * @consumer: how it is shown events
 * @group: a valid group name
 *
 * Returns: (transfer full): an audience without browsers
 */
ChannelsAudience *
channels_audience_new (ChannelsHub *hub,
                       ChannelsPoller *poller,
                       ChannelsConsumer *consumer,
                       const char *group)
{
  ChannelsAudience *self = g_object_new (CHANNELS_TYPE_AUDIENCE, NULL);

  self->hub = g_object_ref (hub);
  self->poller = g_object_ref (poller);
  self->consumer = g_object_ref (consumer);
  self->group = g_strdup (group);

  return self;
}

/**
 * channels_audience_get_group:
 * @self: an audience
 *
 * Returns: (transfer none): its group's name
 */
const char *
channels_audience_get_group (ChannelsAudience *self)
{
  return self->group;
}

/**
 * channels_audience_get_consumer:
 * @self: an audience
 *
 * Returns: (transfer none): how it is shown events
 */
ChannelsConsumer *
channels_audience_get_consumer (ChannelsAudience *self)
{
  return self->consumer;
}

/**
 * channels_audience_get_size:
 * @self: an audience
 *
 * Returns: how many browsers there are
 */
guint
channels_audience_get_size (ChannelsAudience *self)
{
  return self->places->len;
}

/**
 * channels_audience_join:
 * @self: an audience
 * @seat: a browser's place; stays where it is until it has left
 *
 * Adds a browser: it gets what is sent from now on. Not from within a delivery.
 */
void
channels_audience_join (ChannelsAudience *self, ChannelsSeat *seat)
{
  Place place = { .seat = seat, .fd = -1 };

  channels_audience_flush (self);

  if (self->places->len == 0)
    channels_hub_join (self->hub, self->group, CHANNELS_MEMBER (self));

  seat->index = self->places->len;
  g_array_append_val (self->places, place);
}

/**
 * channels_audience_leave:
 * @self: an audience
 * @seat: a place that has joined
 *
 * Takes a browser out; it still gets what was sent until now. Not from within a delivery.
 */
void
channels_audience_leave (ChannelsAudience *self, ChannelsSeat *seat)
{
  g_return_if_fail (g_array_index (self->places, Place, seat->index).seat == seat);

  channels_audience_flush (self);

  g_array_remove_index_fast (self->places, seat->index);
  if (seat->index < self->places->len)
    g_array_index (self->places, Place, seat->index).seat->index = seat->index;

  if (self->places->len == 0)
    channels_hub_leave (self->hub, self->group, CHANNELS_MEMBER (self));
}

/**
 * channels_audience_flush:
 * @self: an audience
 *
 * Writes all that has gathered, however long that takes. The loop does so before it sleeps, in
 * slices; who writes to one browser past its audience does it first, so that the order is kept.
 */
void
channels_audience_flush (ChannelsAudience *self)
{
  while (self->batch->len > 0 || self->gathered->len > 0)
    {
      if (self->batch->len == 0)
        begin_batch (self);
      go_on (self, G_MAXUINT);
    }
}
