/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-bus-calls.h"

#include <sched.h>

/* What calls may take of one turn of the loop, µs: then others have theirs. */
#define TURN (1 * G_TIME_SPAN_MILLISECOND)

/* What one caller may take of it while others wait, µs. */
#define PART 100

/**
 * ChannelsBusCalls:
 *
 * The calls of a service: how many have no answer yet and when the last of them was; and which have
 * to wait for their turn.
 *
 * GDBus makes a source of the main loop of each call, and GLib dispatches all that are ready before
 * anybody else is asked: who has a thousand calls under way would have browsers wait for all of
 * them. So calls have a part of each turn of the loop, and what comes beyond that waits for the
 * next: each caller's calls in their order, and the callers one after the other, so that who calls
 * once does not wait for all that another has under way.
 *
 * It is GDBus' own thread that writes the answers. Before the loop goes on to browsers it lets that
 * thread run, where the two share a core: the caller need not wait until all of them are written
 * to, and its next calls are here when the loop looks again.
 *
 * Each call holds a reference: it may be answered when the service is gone.
 */
struct _ChannelsBusCalls
{
  guint waiting_max; /* calls of one caller */
  guint pending;
  gint64 last;         /* µs, monotonic: when one last came or was answered */
  GError *refusal;     /* (owned) (nullable): what every call is answered with from now on */
  GSource *turn;       /* (owned): asked before all others, and never dispatched */
  GSource *source;     /* (owned): dispatched where something waits */
  gint64 begun;        /* µs, monotonic: when the first call of this turn came; 0: none has */
  GHashTable *callers; /* (element-type utf8 Caller) (owned): who waits, by unique name */
  GQueue turns;        /* (element-type Caller) (unowned): the same; who is next in front */
  gboolean resumes;    /* a call that waited is being handled */
  gboolean goes_on;    /* such a call, or the rest of one */
};

/* One whose calls wait. */
typedef struct
{
  GList link;           /* in the turns */
  char *name;           /* (owned): its unique name */
  GQueue waiting;       /* (element-type GDBusMethodInvocation) (owned): in order */
  ChannelsBusStep step; /* (nullable): the rest of a call that is in front of them */
  gpointer step_data;   /* (unowned) */
} Caller;

typedef struct
{
  GSource source;
  ChannelsBusCalls *calls; /* (unowned): it owns the source */
} CallsSource;

static void
caller_free (gpointer data)
{
  Caller *caller = data;

  g_free (caller->name);
  g_free (caller);
}

static Caller *
ensure_caller (ChannelsBusCalls *self, const char *name)
{
  Caller *caller = g_hash_table_lookup (self->callers, name);

  if (caller != NULL)
    return caller;

  caller = g_new0 (Caller, 1);
  caller->link.data = caller;
  caller->name = g_strdup (name);
  g_hash_table_insert (self->callers, caller->name, caller);
  g_queue_push_tail_link (&self->turns, &caller->link);

  return caller;
}

static gboolean
has_more (Caller *caller)
{
  return caller->step != NULL || caller->waiting.length > 0;
}

static gboolean
is_waiting (ChannelsBusCalls *self)
{
  return self->turns.length > 0;
}

static gboolean
is_turn_over (ChannelsBusCalls *self)
{
  gint64 now = g_get_monotonic_time ();

  if (self->begun == 0)
    self->begun = now;

  return now - self->begun >= TURN;
}

/* As GDBusInterfaceSkeleton does it, again. */
static void
resume (ChannelsBusCalls *self, GDBusMethodInvocation *invocation)
{
  GDBusInterfaceSkeleton *skeleton = g_dbus_method_invocation_get_user_data (invocation);
  const GDBusInterfaceVTable *vtable = g_dbus_interface_skeleton_get_vtable (skeleton);

  self->resumes = TRUE;
  vtable->method_call (g_dbus_method_invocation_get_connection (invocation),
                       g_dbus_method_invocation_get_sender (invocation),
                       g_dbus_method_invocation_get_object_path (invocation),
                       g_dbus_method_invocation_get_interface_name (invocation),
                       g_dbus_method_invocation_get_method_name (invocation),
                       g_dbus_method_invocation_get_parameters (invocation), invocation, skeleton);
  self->resumes = FALSE;
}

static void
caller_go_on (ChannelsBusCalls *self, Caller *caller)
{
  if (caller->step == NULL)
    resume (self, g_queue_pop_head (&caller->waiting));
  else if (!caller->step (caller->step_data))
    caller->step = NULL, caller->step_data = NULL;
}

/* The part of the next, who stands behind all others then, or does not wait any more. */
static void
go_on (ChannelsBusCalls *self)
{
  Caller *caller = g_queue_peek_head (&self->turns);
  gint64 begun = g_get_monotonic_time ();

  self->goes_on = TRUE;
  do
    caller_go_on (self, caller);
  while (has_more (caller) && g_get_monotonic_time () - begun < PART);
  self->goes_on = FALSE;

  g_queue_unlink (&self->turns, &caller->link);
  if (has_more (caller))
    g_queue_push_tail_link (&self->turns, &caller->link);
  else
    g_hash_table_remove (self->callers, caller->name);
}

/* Each turn of the loop begins with this, before anybody writes what the last one has brought. */
static gboolean
turn_source_prepare (GSource *source, gint *timeout)
{
  ChannelsBusCalls *self = ((CallsSource *) source)->calls;

  if (self->begun > 0)
    sched_yield ();
  self->begun = 0;
  *timeout = -1;

  return FALSE;
}

static GSourceFuncs turn_source_funcs = {
  .prepare = turn_source_prepare,
};

static gboolean
calls_source_prepare (GSource *source, gint *timeout)
{
  *timeout = -1;

  return is_waiting (((CallsSource *) source)->calls);
}

static gboolean
calls_source_check (GSource *source)
{
  return is_waiting (((CallsSource *) source)->calls);
}

static gboolean
calls_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  ChannelsBusCalls *self = g_rc_box_acquire (((CallsSource *) source)->calls);

  while (is_waiting (self) && !is_turn_over (self))
    go_on (self);
  channels_bus_calls_unref (self);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs calls_source_funcs = {
  .prepare = calls_source_prepare,
  .check = calls_source_check,
  .dispatch = calls_source_dispatch,
};

static GSource *
attach_source (ChannelsBusCalls *self, GSourceFuncs *funcs, int priority, const char *name)
{
  GSource *source = g_source_new (funcs, sizeof (CallsSource));

  ((CallsSource *) source)->calls = self;
  g_source_set_static_name (source, name);
  g_source_set_priority (source, priority);
  g_source_attach (source, g_main_context_get_thread_default ());

  return source;
}

/**
 * channels_bus_calls_new:
 * @waiting_max: how many calls of one caller may wait; who makes more is refused
 *
 * Returns: (transfer full): no calls yet, in the thread's default context
 */
ChannelsBusCalls *
channels_bus_calls_new (guint waiting_max)
{
  ChannelsBusCalls *self = g_rc_box_new0 (ChannelsBusCalls);

  self->waiting_max = waiting_max;
  self->callers = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, caller_free);
  self->turn = attach_source (self, &turn_source_funcs, G_PRIORITY_HIGH, "[channels] bus turn");
  self->source =
      attach_source (self, &calls_source_funcs, G_PRIORITY_DEFAULT, "[channels] bus calls");
  channels_bus_calls_touch (self);

  return self;
}

static void
clear (gpointer data)
{
  ChannelsBusCalls *self = data;

  g_source_destroy (self->turn);
  g_source_unref (self->turn);
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_hash_table_unref (self->callers);
  g_clear_error (&self->refusal);
}

/**
 * channels_bus_calls_unref:
 * @self: (transfer full): calls
 */
void
channels_bus_calls_unref (ChannelsBusCalls *self)
{
  g_rc_box_release_full (self, clear);
}

static void
on_invocation_gone (gpointer data, GObject *invocation)
{
  ChannelsBusCalls *self = data;

  self->pending--;
  channels_bus_calls_touch (self);
  channels_bus_calls_unref (self);
}

/**
 * channels_bus_calls_add:
 * @self: calls
 * @invocation: (transfer none): one more, which lives until it is answered
 *
 * Returns: `TRUE` if it is to be handled now, `FALSE` if it has been refused, or comes again when
 * it is its turn
 */
gboolean
channels_bus_calls_add (ChannelsBusCalls *self, GDBusMethodInvocation *invocation)
{
  Caller *caller;

  if (self->resumes)
    return TRUE;

  if (self->refusal != NULL)
    {
      g_dbus_method_invocation_return_gerror (invocation, self->refusal);
      return FALSE;
    }

  /* Who only watches does not need us. */
  if (!g_str_equal (g_dbus_method_invocation_get_method_name (invocation), "ListStatistics"))
    {
      self->pending++;
      channels_bus_calls_touch (self);
      g_object_weak_ref (G_OBJECT (invocation), on_invocation_gone, g_rc_box_acquire (self));
    }

  if (!is_waiting (self) && !is_turn_over (self))
    return TRUE;

  caller = ensure_caller (self, g_dbus_method_invocation_get_sender (invocation));
  if (caller->waiting.length < self->waiting_max)
    g_queue_push_tail (&caller->waiting, invocation);
  else
    g_dbus_method_invocation_return_error_literal (
        invocation, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED, "too many calls wait already");
  return FALSE;
}

/**
 * channels_bus_calls_run:
 * @self: calls
 * @name: the unique name of who makes the call that is handled now
 * @step: (scope forever): called until it returns `FALSE`
 * @user_data: (closure): passed to @step; lives until then
 *
 * Does what that call asks for: at once or, where that takes too long, in the next turns of the
 * loop as well. No other call of @name is handled before that is done.
 */
void
channels_bus_calls_run (ChannelsBusCalls *self,
                        const char *name,
                        ChannelsBusStep step,
                        gpointer user_data)
{
  Caller *caller;

  do
    {
      if (!step (user_data))
        return;
    }
  while (!self->resumes && !is_turn_over (self));

  caller = ensure_caller (self, name);
  caller->step = step;
  caller->step_data = user_data;
}

/**
 * channels_bus_calls_finish:
 * @self: calls
 *
 * Handles all that waits, however long that takes. Not from within the handling of a call.
 */
void
channels_bus_calls_finish (ChannelsBusCalls *self)
{
  g_return_if_fail (!self->goes_on);

  while (is_waiting (self))
    go_on (self);
}

/**
 * channels_bus_calls_refuse:
 * @self: calls
 * @error: what each that comes from now on is answered with, but for those that wait already;
 * copied
 */
void
channels_bus_calls_refuse (ChannelsBusCalls *self, const GError *error)
{
  g_clear_error (&self->refusal);
  self->refusal = g_error_copy (error);
}

/**
 * channels_bus_calls_touch:
 * @self: calls
 *
 * Something happened that counts as a call.
 */
void
channels_bus_calls_touch (ChannelsBusCalls *self)
{
  self->last = g_get_monotonic_time ();
}

/**
 * channels_bus_calls_get_last:
 * @self: calls
 *
 * Returns: when one last came or was answered, in µs of the monotonic clock; `G_MAXINT64` while one
 * has no answer
 */
gint64
channels_bus_calls_get_last (ChannelsBusCalls *self)
{
  return self->pending == 0 ? self->last : G_MAXINT64;
}
