/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-poller.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <sys/epoll.h>

/* Descriptors looked at in one turn: other sources of the loop have theirs in between. */
#define EVENTS_PER_TURN 256

/* One read of a browser's socket. */
#define BUFFER_SIZE (64 * 1024)

/**
 * ChannelsPoller:
 *
 * All browsers' descriptors in one epoll set, which is one source of the main loop.
 *
 * GLib asks every attached source at every turn of the loop and hands every descriptor to poll():
 * with ten thousand idle browsers one message would cost milliseconds. Here an idle browser costs
 * nothing: it has no source in the loop, and the kernel tells of those only that have something to
 * tell.
 *
 * The set is edge-triggered, for reading and writing at once, so that it is never changed while a
 * descriptor lives: whoever is called has to go on until the kernel says EAGAIN, or ask to be
 * called again. That queue is also the way out of tight corners: what must not happen here and now
 * - closing a connection in the middle of a delivery - is done when it is called again.
 *
 * What was gathered for writing in a turn of the loop is flushed in the source's prepare(), which
 * GLib calls just before it sleeps: that is after the events here, by the bus, by Redis and by
 * timers, once for all of them, and adds no delay.
 */
struct _ChannelsPoller
{
  GObject parent_instance;

  GSource *source;              /* (owned) */
  int epoll_fd;                 /* (owned) */
  ChannelsDeadlines *deadlines; /* (owned) */
  GPtrArray *again;             /* (element-type ChannelsWatch) (unowned) */
  GPtrArray *flushes;           /* (element-type ChannelsFlush) (unowned) */
  GMainContext *parking;        /* (owned): see channels_poller_get_parking() */
  guint8 *buffer;               /* (owned): BUFFER_SIZE bytes */
  struct epoll_event events[EVENTS_PER_TURN];
  int n_events;    /* of the turn that runs now; 0 outside of it */
  guint n_blocked; /* see channels_poller_note_blocked() */
};

G_DEFINE_FINAL_TYPE (ChannelsPoller, channels_poller, G_TYPE_OBJECT)

typedef struct
{
  GSource source;
  ChannelsPoller *poller; /* (unowned): it owns the source */
  gpointer tag;           /* (unowned): of the epoll descriptor */
} PollerSource;

static void
run_flushes (ChannelsPoller *self)
{
  guint n_flushes = self->flushes->len;

  /* Only those that wait now: one that asks again has its turn in the next one. */
  for (guint i = 0; i < n_flushes; i++)
    {
      ChannelsFlush *flush = g_ptr_array_index (self->flushes, i);

      if (flush == NULL)
        continue;

      g_ptr_array_index (self->flushes, i) = NULL;
      flush->pending = FALSE;
      flush->func (flush);
    }

  if (n_flushes > 0)
    g_ptr_array_remove_range (self->flushes, 0, n_flushes);
}

/* Whether the loop must not sleep. */
static gboolean
is_busy (ChannelsPoller *self)
{
  return self->again->len > 0 || self->flushes->len > 0;
}

static void
run_again (ChannelsPoller *self)
{
  guint n_watches = self->again->len;

  /* Only those that wait now: who asks again has its turn in the next one. */
  for (guint i = 0; i < n_watches; i++)
    {
      ChannelsWatch *watch = g_ptr_array_index (self->again, i);

      if (watch == NULL)
        continue;

      /* Its slot is free before it is called: it may ask again, and then be removed. */
      g_ptr_array_index (self->again, i) = NULL;
      watch->again = FALSE;
      watch->func (watch, 0);
    }

  g_ptr_array_remove_range (self->again, 0, n_watches);
}

static void
run_events (ChannelsPoller *self)
{
  int n_events = epoll_wait (self->epoll_fd, self->events, EVENTS_PER_TURN, 0);

  self->n_events = MAX (n_events, 0);
  for (int i = 0; i < self->n_events; i++)
    {
      ChannelsWatch *watch = self->events[i].data.ptr;

      if (watch != NULL)
        watch->func (watch, self->events[i].events);
    }
  self->n_events = 0;
}

static gboolean
poller_source_prepare (GSource *source, gint *timeout)
{
  g_autoptr (ChannelsPoller) self = g_object_ref (((PollerSource *) source)->poller);

  run_flushes (self);
  *timeout = -1;

  return is_busy (self);
}

static gboolean
poller_source_check (GSource *source)
{
  PollerSource *poller_source = (PollerSource *) source;

  return is_busy (poller_source->poller) ||
         g_source_query_unix_fd (source, poller_source->tag) != 0;
}

static gboolean
poller_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_autoptr (ChannelsPoller) self = g_object_ref (((PollerSource *) source)->poller);

  run_again (self);
  run_events (self);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs poller_source_funcs = {
  .prepare = poller_source_prepare,
  .check = poller_source_check,
  .dispatch = poller_source_dispatch,
};

static void
channels_poller_finalize (GObject *object)
{
  ChannelsPoller *self = CHANNELS_POLLER (object);

  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_source_unref (self->source);
    }
  if (self->epoll_fd >= 0)
    g_close (self->epoll_fd, NULL);
  channels_deadlines_free (self->deadlines);
  g_ptr_array_unref (self->again);
  g_ptr_array_unref (self->flushes);
  g_main_context_unref (self->parking);
  g_free (self->buffer);

  G_OBJECT_CLASS (channels_poller_parent_class)->finalize (object);
}

static void
channels_poller_class_init (ChannelsPollerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = channels_poller_finalize;
}

static void
channels_poller_init (ChannelsPoller *self)
{
  self->epoll_fd = -1;
  self->deadlines = channels_deadlines_new ();
  self->again = g_ptr_array_new ();
  self->flushes = g_ptr_array_new ();
  self->parking = g_main_context_new ();
  self->buffer = g_malloc (BUFFER_SIZE);
}

/**
 * channels_poller_new:
 * @error: return location for a `GError`, or `NULL`
 *
 * Makes an empty set and attaches it to the thread's default context. Fails with a `GIOErrorEnum`
 * where the kernel gives no descriptor.
 *
 * Returns: (transfer full): a poller, or `NULL` with @error set
 */
ChannelsPoller *
channels_poller_new (GError **error)
{
  g_autoptr (ChannelsPoller) self = g_object_new (CHANNELS_TYPE_POLLER, NULL);
  GMainContext *context = g_main_context_get_thread_default ();

  self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  if (self->epoll_fd < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   "cannot make an epoll set: %s", g_strerror (saved_errno));
      return NULL;
    }

  self->source = g_source_new (&poller_source_funcs, sizeof (PollerSource));
  ((PollerSource *) self->source)->poller = self;
  ((PollerSource *) self->source)->tag =
      g_source_add_unix_fd (self->source, self->epoll_fd, G_IO_IN);
  g_source_set_static_name (self->source, "[channels] poller");
  /* Else GLib takes the descriptor out of its set around each dispatch, and wakes itself up twice.
   */
  g_source_set_can_recurse (self->source, TRUE);
  g_source_attach (self->source, context);
  g_source_attach (channels_deadlines_get_source (self->deadlines), context);

  return g_steal_pointer (&self);
}

/**
 * channels_poller_get_deadlines:
 * @self: a poller
 *
 * Returns: (transfer none): deadlines that are called in the poller's context
 */
ChannelsDeadlines *
channels_poller_get_deadlines (ChannelsPoller *self)
{
  return self->deadlines;
}

/**
 * channels_poller_add:
 * @self: a poller
 * @watch: (transfer none): stays where it is until it is removed
 * @fd: a non-blocking descriptor, which stays the caller's
 * @error: return location for a `GError`, or `NULL`
 *
 * Watches a descriptor, edge-triggered, for reading, writing and hanging up. Fails with a
 * `GIOErrorEnum` where the kernel has no room.
 *
 * Returns: `TRUE` if it is watched, `FALSE` with @error set otherwise
 */
gboolean
channels_poller_add (ChannelsPoller *self, ChannelsWatch *watch, int fd, GError **error)
{
  struct epoll_event event = {
    .events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET,
    .data.ptr = watch,
  };

  g_return_val_if_fail (watch->func != NULL, FALSE);

  watch->fd = -1;
  watch->again = FALSE;
  if (epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   "cannot watch a descriptor: %s", g_strerror (saved_errno));
      return FALSE;
    }

  watch->fd = fd;
  return TRUE;
}

static void
forget_pointer (GPtrArray *array, gconstpointer pointer)
{
  guint index;

  if (g_ptr_array_find (array, pointer, &index))
    g_ptr_array_index (array, index) = NULL;
}

/**
 * channels_poller_remove:
 * @self: a poller
 * @watch: watched, or not
 *
 * Ends the watching: it is not called again, even for what has happened already.
 */
void
channels_poller_remove (ChannelsPoller *self, ChannelsWatch *watch)
{
  if (watch->fd < 0)
    return;

  epoll_ctl (self->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
  watch->fd = -1;

  for (int i = 0; i < self->n_events; i++)
    {
      if (self->events[i].data.ptr == watch)
        self->events[i].data.ptr = NULL;
    }

  if (watch->again)
    forget_pointer (self->again, watch);
  watch->again = FALSE;
}

/**
 * channels_poller_call_again:
 * @self: a poller
 * @watch: a watch
 *
 * Calls @watch in the next turn of the loop, once, whether anything happens to it or not.
 */
void
channels_poller_call_again (ChannelsPoller *self, ChannelsWatch *watch)
{
  if (watch->again || watch->fd < 0)
    return;

  watch->again = TRUE;
  g_ptr_array_add (self->again, watch);
}

/**
 * channels_poller_flush_later:
 * @self: a poller
 * @flush: (transfer none): stays where it is until it was called or forgotten
 *
 * Calls @flush once, before the loop sleeps. From within a flush: once, in the next turn of the
 * loop.
 */
void
channels_poller_flush_later (ChannelsPoller *self, ChannelsFlush *flush)
{
  if (flush->pending)
    return;

  flush->pending = TRUE;
  g_ptr_array_add (self->flushes, flush);
}

/**
 * channels_poller_forget_flush:
 * @self: a poller
 * @flush: pending, or not
 *
 * Does not call @flush after all.
 */
void
channels_poller_forget_flush (ChannelsPoller *self, ChannelsFlush *flush)
{
  if (flush->pending)
    forget_pointer (self->flushes, flush);
  flush->pending = FALSE;
}

/**
 * channels_poller_get_buffer:
 * @self: a poller
 * @out_size: (out): bytes
 *
 * One buffer for all who read: what is in it is gone when the reader returns to the loop.
 *
 * Returns: (transfer none): the buffer
 */
guint8 *
channels_poller_get_buffer (ChannelsPoller *self, gsize *out_size)
{
  *out_size = BUFFER_SIZE;

  return self->buffer;
}

/**
 * channels_poller_note_blocked:
 * @self: a poller
 *
 * Says that one of the sockets cannot be written to any more past its outbox: it is closed, or
 * something waits there. Whoever remembers descriptors to write to compares
 * channels_poller_count_blocked(), and so needs to look at no socket while none has changed.
 */
void
channels_poller_note_blocked (ChannelsPoller *self)
{
  self->n_blocked++;
}

/**
 * channels_poller_count_blocked:
 * @self: a poller
 *
 * Returns: how often channels_poller_note_blocked() was called, modulo 2³²
 */
guint
channels_poller_count_blocked (ChannelsPoller *self)
{
  return self->n_blocked;
}

/**
 * channels_poller_get_parking:
 * @self: a poller
 *
 * A context that nobody iterates. Sources that others insist on attaching, but that are dispatched
 * by hand, are attached here, where they cost nothing.
 *
 * Returns: (transfer none): the context
 */
GMainContext *
channels_poller_get_parking (ChannelsPoller *self)
{
  return self->parking;
}
