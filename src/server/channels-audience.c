/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-audience.h"

#include "channels-error.h"
#include "channels-frame-log.h"
#include "channels-member.h"
#include "channels-names.h"

#include <errno.h>
#include <sys/socket.h>

/* What makes one write, at most: enough to make a system call cheap, little enough to stay in the
 * cache and in a socket's buffer, and no more events than may wait for a slow browser, whose socket
 * takes none of them. So much that gathers within a turn is not kept until its end. */
#define WRITE_SIZE (256 * 1024)
#define WRITE_EVENTS 1024

/* How many times as much may be on its way; then it is written at once. Who asks when to send more
 * never comes that far: it is told to wait at PRESSURE_BUSY. */
#define PRESSURE_BUSY 2
#define PRESSURE_MAX 16

/* Writes of one turn of the loop, and bytes in all: about two milliseconds. Others have their turn
 * before the next. Where more comes than that, from whoever cannot be told to wait, turns become
 * longer: by as much again for so many times what makes a write. */
#define SLICE_WRITES 256
#define SLICE_BYTES (4 * 1024 * 1024)
#define SLICE_PRESSURE 4

/**
 * ChannelsAudience:
 *
 * The browsers of one group that are shown events in the same way: one member of the group for all
 * of them.
 *
 * A write to a loopback socket costs some 2 µs, nearly all of it in the kernel; so there are to be
 * few. An event is encoded once, into a log; each browser has its place in it, and each write gives
 * a browser all that it has not had. Who cannot take all of it gets the rest in its outbox, as a
 * reference to bytes that all slow ones share.
 *
 * The browsers are written to from the first to the last and back again, each time no further than
 * one turn of the loop may last. An event that comes meanwhile is in all writes from there on:
 * while there is always more, each browser gets one write a round, whatever has come. Who joins
 * begins at the end of the log; who leaves, or is written to alone, is brought there by itself.
 *
 * The rest is a matter of caches. The places lie side by side, so that a round need not look at the
 * browsers themselves. And back again, not round and round: what the kernel keeps of a thousand
 * connections is more than a cache holds, and whoever walks it in a circle finds none of it there;
 * this way a round starts with those that were written to last.
 */
struct _ChannelsAudience
{
  GObject parent_instance;

  ChannelsHub *hub;           /* (owned) */
  ChannelsPoller *poller;     /* (owned) */
  ChannelsConsumer *consumer; /* (owned) */
  char *group;                /* (owned) */
  GArray *places;             /* (element-type Place) (owned) */
  ChannelsFrameLog log;       /* (owned): what not every place has had */
  struct
  {
    guint at;          /* the place that is next */
    gboolean backward; /* the one after it is the one before it */
    guint n_left;      /* steps until every place has had all, at most */
  } round;
  GArray *callers; /* (element-type Caller) (owned): who wait until it is ready */
  ChannelsFlush flush;
  guint n_blocked; /* of the poller, when the descriptors were looked up */
};

typedef struct
{
  ChannelsMemberReadyFunc func;
  gpointer user_data; /* (unowned) */
} Caller;

/* All that a write touches of a browser that takes what it is given. */
typedef struct
{
  ChannelsSeat *seat; /* (unowned) */
  int fd;             /* where to write; -1 where the socket has to be asked first */
  guint32 next;       /* number of the event that it has not had */
} Place;

static void member_iface_init (ChannelsMemberInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChannelsAudience,
                               channels_audience,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHANNELS_TYPE_MEMBER, member_iface_init))

static Place *
get_place (ChannelsAudience *self, guint index)
{
  return &g_array_index (self->places, Place, index);
}

static gboolean
is_seated (ChannelsAudience *self, const ChannelsSeat *seat)
{
  return seat->index < self->places->len && get_place (self, seat->index)->seat == seat;
}

/* Returns how much of it the kernel has taken; the descriptor is -1 unless it was all. */
static gsize
write_frames (Place *place, const guint8 *frames, gsize size)
{
  gssize written;

  if (place->fd < 0)
    place->fd = channels_socket_get_straight (place->seat->socket);
  if (place->fd < 0)
    return 0;

  do
    written = send (place->fd, frames, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (written < 0 && errno == EINTR);

  if (written == (gssize) size)
    return size;

  place->fd = -1;
  if (written < 0 && errno != EAGAIN)
    channels_socket_fail (place->seat->socket, CHANNELS_SOCKET_FAILURE_GONE);

  return (gsize) MAX (written, 0);
}

/* Gives a place what it has not had, or as much of it as makes one write: returns its size. */
static gsize
write_to (ChannelsAudience *self, Place *place)
{
  guint32 to = channels_frame_log_limit (&self->log, place->next, WRITE_EVENTS, WRITE_SIZE);
  gsize size;
  const guint8 *frames = channels_frame_log_peek (&self->log, place->next, to, &size);
  gsize written = write_frames (place, frames, size);

  if (written < size && channels_socket_is_open (place->seat->socket))
    channels_frame_log_push (&self->log, place->seat->socket, place->next, to, written);
  place->next = to;

  return size;
}

/* Sockets are closed by the loop, never from within a write: descriptors stay good meanwhile. */
static void
forget_descriptors (ChannelsAudience *self)
{
  guint n_blocked = channels_poller_count_blocked (self->poller);

  if (n_blocked == self->n_blocked)
    return;

  self->n_blocked = n_blocked;
  for (guint i = 0; i < self->places->len; i++)
    get_place (self, i)->fd = -1;
}

/* The log forgets what every place has had. */
static void
trim_log (ChannelsAudience *self)
{
  guint32 next = channels_frame_log_get_next (&self->log);
  guint32 behind = 0;

  for (guint i = 0; self->round.n_left > 0 && i < self->places->len; i++)
    behind = MAX (behind, next - get_place (self, i)->next);

  channels_frame_log_trim (&self->log, next - behind);
}

/* Goes to the next place; at either end it turns round. */
static void
step (ChannelsAudience *self)
{
  if (self->round.at == (self->round.backward ? 0 : self->places->len - 1))
    self->round.backward = !self->round.backward;
  else if (self->round.backward)
    self->round.at--;
  else
    self->round.at++;
}

/* From here on every place is to be asked: those ahead, and then, on the way back, the others. */
static void
ask_all (ChannelsAudience *self)
{
  guint n_places = self->places->len;
  guint n_ahead = self->round.backward ? self->round.at + 1 : n_places - self->round.at;

  self->round.n_left = n_ahead < n_places ? n_ahead + n_places : n_places;
}

/* Goes on, for no more than @writes, and no more than @size bytes in all. */
static void
go_on (ChannelsAudience *self, guint writes, gsize size)
{
  guint32 next = channels_frame_log_get_next (&self->log);
  gsize written = 0;

  forget_descriptors (self);
  while (self->round.n_left > 0 && writes > 0 && written < size)
    {
      Place *place = get_place (self, self->round.at);

      step (self);
      self->round.n_left--;
      if (place->next == next)
        continue;

      written += write_to (self, place);
      writes--;
      if (place->next == next)
        continue;

      /* One at an end would be the next again: its socket is to have some time. */
      ask_all (self);
      if (place == get_place (self, self->round.at))
        break;
    }

  trim_log (self);
}

/* How many times as much is on its way as makes a write. */
static guint
get_pressure (ChannelsAudience *self)
{
  return MAX (channels_frame_log_count (&self->log) / WRITE_EVENTS,
              channels_frame_log_get_size (&self->log) / WRITE_SIZE);
}

/* Whether more has to be kept than that, however long it takes to write it. The oldest event does
 * not count: one that is large by itself is no less for being written in a hurry. */
static gboolean
is_too_much (ChannelsAudience *self)
{
  guint n_events = channels_frame_log_count (&self->log);
  gsize oldest;

  channels_frame_log_peek (&self->log, self->log.first, self->log.first + 1, &oldest);

  return n_events > PRESSURE_MAX * WRITE_EVENTS ||
         channels_frame_log_get_size (&self->log) - oldest > PRESSURE_MAX * WRITE_SIZE;
}

static void
call_ready (ChannelsAudience *self)
{
  g_autoptr (GArray) callers = NULL;

  if (self->callers->len == 0 || get_pressure (self) >= PRESSURE_BUSY)
    return;

  callers = g_steal_pointer (&self->callers);
  self->callers = g_array_new (FALSE, FALSE, sizeof (Caller));
  for (guint i = 0; i < callers->len; i++)
    {
      const Caller *caller = &g_array_index (callers, Caller, i);

      caller->func (caller->user_data);
    }
}

/* Writes for one turn of the loop. */
static void
write_slice (ChannelsAudience *self)
{
  guint n = 1 + get_pressure (self) / SLICE_PRESSURE;

  go_on (self, n * SLICE_WRITES, n * SLICE_BYTES);
  if (self->round.n_left > 0)
    channels_poller_flush_later (self->poller, &self->flush);
  call_ready (self);
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
  guint before = get_pressure (self);

  if (!channels_consumer_encode (self->consumer, event, self->log.frames))
    return 0;

  channels_frame_log_end_event (&self->log);
  ask_all (self);
  channels_poller_flush_later (self->poller, &self->flush);

  if (before == 0 && get_pressure (self) > 0)
    write_slice (self);
  else if (is_too_much (self))
    go_on (self, self->places->len, G_MAXSIZE);

  return self->places->len;
}

static gboolean
audience_when_ready (ChannelsMember *member, ChannelsMemberReadyFunc func, gpointer user_data)
{
  ChannelsAudience *self = CHANNELS_AUDIENCE (member);
  Caller caller = { func, user_data };

  if (get_pressure (self) < PRESSURE_BUSY)
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
      const ChannelsSeat *seat = get_place (self, i)->seat;

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
  channels_frame_log_trim (&self->log, channels_frame_log_get_next (&self->log));
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
  channels_frame_log_clear (&self->log);
  g_array_unref (self->callers);

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
  channels_frame_log_init (&self->log);
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
  Place place = { .seat = seat, .fd = -1, .next = channels_frame_log_get_next (&self->log) };

  if (self->places->len == 0)
    channels_hub_join (self->hub, self->group, CHANNELS_MEMBER (self));

  seat->index = self->places->len;
  g_array_append_val (self->places, place);

  /* It may stand in the way of those that are left. */
  if (self->round.n_left > 0)
    ask_all (self);
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
  guint n_places = self->places->len - 1;

  g_return_if_fail (is_seated (self, seat));

  channels_audience_catch_up (self, seat);

  g_array_remove_index_fast (self->places, seat->index);
  if (seat->index < n_places)
    get_place (self, seat->index)->seat->index = seat->index;

  if (self->round.at == n_places)
    self->round.at = MAX (n_places, 1) - 1;
  if (self->round.n_left > 0)
    ask_all (self);
  if (n_places > 0)
    return;

  trim_log (self);
  channels_hub_leave (self->hub, self->group, CHANNELS_MEMBER (self));
  call_ready (self);
}

/**
 * channels_audience_catch_up:
 * @self: an audience
 * @seat: a place that has joined
 *
 * Writes to one browser all that has been sent: whoever writes to it past its audience does this
 * first, so that the order is kept.
 */
void
channels_audience_catch_up (ChannelsAudience *self, ChannelsSeat *seat)
{
  Place *place;

  g_return_if_fail (is_seated (self, seat));

  place = get_place (self, seat->index);
  if (channels_poller_count_blocked (self->poller) != self->n_blocked)
    place->fd = -1;
  while (place->next != channels_frame_log_get_next (&self->log))
    write_to (self, place);
}
