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

/* Events of a batch: no more than may wait for a slow browser, whose socket takes none of them. */
#define BATCH_EVENTS 1024

/* Batches that wait until an earlier one is written, and bytes in them; then that has to come to
 * its end at once. Who asks when to send more never comes that far. */
#define WAITING_BATCHES 32
#define WAITING_BYTES (16 * BATCH_MAX)

/* Writes of one turn of the loop, and bytes in all: about two milliseconds. Others have their turn
 * before the next. Where more comes than that, from whoever cannot be told to wait, turns become
 * longer by as much again for so many batches that wait. */
#define SLICE_WRITES 256
#define SLICE_BYTES (4 * 1024 * 1024)
#define SLICE_WAITING 4

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
 * more may gather: those are the next batches. Who joins or leaves meanwhile, or is written to
 * alone, has them come to their end first. While a whole batch waits, the audience is not ready for
 * more.
 *
 * The rest is a matter of caches. The descriptors lie side by side, so that a flush need not look
 * at the browsers themselves. And each flush goes the other way than the one before: what the
 * kernel keeps of a thousand connections is more than a cache holds, and whoever walks it in a
 * circle finds none of it there; this way it starts with those that were written to last.
 */
typedef struct
{
  GByteArray *frames; /* (owned): whole ones, for all seats */
  GArray *ends;       /* (element-type gsize) (owned): where each event ends in them */
} Batch;

struct _ChannelsAudience
{
  GObject parent_instance;

  ChannelsHub *hub;           /* (owned) */
  ChannelsPoller *poller;     /* (owned) */
  ChannelsConsumer *consumer; /* (owned) */
  char *group;                /* (owned) */
  GArray *places;             /* (element-type Place) (owned) */
  Batch batch;                /* (owned): what is being written; empty if nothing is */
  GQueue waiting;             /* (element-type Batch) (owned): what is written next: full ones */
  gsize waiting_size;         /* bytes of frames in them */
  Batch gathered;             /* (owned): what is written after that */
  GArray *callers;            /* (element-type Caller) (owned): who wait until it is ready */
  GBytes *shared;             /* (owned) (nullable): a copy of the batch for those that are slow */
  guint n_written;            /* places that have been given the batch */
  ChannelsFlush flush;
  guint n_blocked;   /* of the poller, when the descriptors were looked up */
  gboolean backward; /* the next flush begins with the last */
};

typedef struct
{
  ChannelsMemberReadyFunc func;
  gpointer user_data; /* (unowned) */
} Caller;

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

static void
batch_init (Batch *batch)
{
  batch->frames = g_byte_array_new ();
  batch->ends = g_array_new (FALSE, FALSE, sizeof (gsize));
}

static void
batch_clear (Batch *batch)
{
  g_byte_array_unref (batch->frames);
  g_array_unref (batch->ends);
}

static void
batch_free (gpointer data)
{
  batch_clear (data);
  g_free (data);
}

/* The first event that is not wholly within the first @written bytes of the batch. */
static guint
find_unwritten (ChannelsAudience *self, gsize written)
{
  guint first = 0;

  while (first < self->batch.ends->len && g_array_index (self->batch.ends, gsize, first) <= written)
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
  gsize end = self->batch.frames->len;

  if (!channels_socket_is_open (socket))
    return;

  if (self->shared == NULL)
    self->shared = g_bytes_new (self->batch.frames->data, self->batch.frames->len);

  /* What is begun has to be ended, whatever else fits: a frame cut short is the end of all sense.
   */
  if (written > 0)
    {
      gsize cut = g_array_index (self->batch.ends, gsize, first);

      push_part (socket, self->shared, written, cut, 1);
      written = cut;
      first++;
    }

  push_part (socket, self->shared, written, end, self->batch.ends->len - first);
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
    written = send (place->fd, self->batch.frames->data, self->batch.frames->len,
                    MSG_DONTWAIT | MSG_NOSIGNAL);
  while (written < 0 && errno == EINTR);

  if (written == (gssize) self->batch.frames->len)
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

static gboolean
has_more (ChannelsAudience *self)
{
  return self->waiting.length > 0 || self->gathered.frames->len > 0;
}

/* What has gathered is a batch that waits; more gathers in the next. */
static void
end_gathering (ChannelsAudience *self)
{
  self->waiting_size += self->gathered.frames->len;
  g_queue_push_tail (&self->waiting, g_memdup2 (&self->gathered, sizeof self->gathered));
  batch_init (&self->gathered);
}

/* What has waited longest, or else has gathered, is the next batch to be written. */
static void
begin_batch (ChannelsAudience *self)
{
  g_autofree Batch *next = g_queue_pop_head (&self->waiting);
  Batch empty = self->batch;

  self->n_written = 0;
  if (next == NULL)
    {
      self->batch = self->gathered;
      self->gathered = empty;
      return;
    }

  self->batch = *next;
  self->waiting_size -= next->frames->len;
  batch_clear (&empty);
}

static void
end_batch (ChannelsAudience *self)
{
  self->backward = !self->backward;
  g_clear_pointer (&self->shared, g_bytes_unref);

  if (self->batch.frames->len > BATCH_MAX)
    {
      batch_clear (&self->batch);
      batch_init (&self->batch);
    }
  g_byte_array_set_size (self->batch.frames, 0);
  g_array_set_size (self->batch.ends, 0);
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

      if (written < self->batch.frames->len)
        push_rest (self, place->seat->socket, written);

      self->n_written++;
    }

  if (self->n_written < n_places)
    return FALSE;

  end_batch (self);
  return TRUE;
}

/* Goes on with the batch, or the next, for no more than @slice writes, and no more than @size bytes
 * in all. */
static void
write_some (ChannelsAudience *self, guint slice, gsize size)
{
  if (self->batch.frames->len == 0)
    begin_batch (self);

  go_on (self, CLAMP (size / self->batch.frames->len, 1, slice));
}

static void
call_ready (ChannelsAudience *self)
{
  g_autoptr (GArray) callers = NULL;

  if (self->waiting.length > 0 || self->callers->len == 0)
    return;

  callers = g_steal_pointer (&self->callers);
  self->callers = g_array_new (FALSE, FALSE, sizeof (Caller));
  for (guint i = 0; i < callers->len; i++)
    {
      const Caller *caller = &g_array_index (callers, Caller, i);

      caller->func (caller->user_data);
    }
}

/* Writes for one turn of the loop; nothing where channels_audience_flush() came first. */
static void
write_slice (ChannelsAudience *self)
{
  guint n = 1 + self->waiting.length / SLICE_WAITING;

  if (self->batch.frames->len == 0 && !has_more (self))
    return;

  write_some (self, n * SLICE_WRITES, n * SLICE_BYTES);
  if (self->batch.frames->len > 0 || has_more (self))
    channels_poller_flush_later (self->poller, &self->flush);
  call_ready (self);
}

static void
on_flush (ChannelsFlush *flush)
{
  write_slice (G_STRUCT_MEMBER_P (flush, -G_STRUCT_OFFSET (ChannelsAudience, flush)));
}

/* A batch is full: it is written now, as far as one turn may; or waits for others. */
static void
take_full (ChannelsAudience *self)
{
  gboolean is_first = self->batch.frames->len == 0;

  end_gathering (self);
  if (is_first)
    {
      write_slice (self);
      return;
    }

  if (self->waiting.length > WAITING_BATCHES || self->waiting_size > WAITING_BYTES)
    write_some (self, G_MAXUINT, G_MAXSIZE);
  channels_poller_flush_later (self->poller, &self->flush);
}

static guint
audience_deliver (ChannelsMember *member, const char *group, ChannelsEvent *event)
{
  ChannelsAudience *self = CHANNELS_AUDIENCE (member);
  gsize end;

  if (!channels_consumer_encode (self->consumer, event, self->gathered.frames))
    return 0;

  end = self->gathered.frames->len;
  g_array_append_val (self->gathered.ends, end);
  if (end < BATCH_MAX && self->gathered.ends->len < BATCH_EVENTS)
    channels_poller_flush_later (self->poller, &self->flush);
  else
    take_full (self);

  return self->places->len;
}

static gboolean
audience_when_ready (ChannelsMember *member, ChannelsMemberReadyFunc func, gpointer user_data)
{
  ChannelsAudience *self = CHANNELS_AUDIENCE (member);
  Caller caller = { func, user_data };

  if (self->waiting.length == 0)
    return FALSE;

  g_array_append_val (self->callers, caller);

  return TRUE;
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
  iface->when_ready = audience_when_ready;
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
  g_queue_clear_full (&self->waiting, batch_free);
  call_ready (self);
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
  batch_clear (&self->batch);
  batch_clear (&self->gathered);
  g_array_unref (self->callers);
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
  batch_init (&self->batch);
  batch_init (&self->gathered);
  g_queue_init (&self->waiting);
  self->callers = g_array_new (FALSE, FALSE, sizeof (Caller));
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
  while (self->batch.frames->len > 0 || has_more (self))
    write_some (self, G_MAXUINT, G_MAXSIZE);
  call_ready (self);
}
