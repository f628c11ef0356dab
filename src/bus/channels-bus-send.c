/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-bus-send.h"

#include "channels-error.h"
#include "channels-names.h"

#include <string.h>

/* Events of SendMany that are checked, or sent, and bytes of their texts, before others may have
 * their turn: some 200 µs. */
#define CHECKS_OF_A_STEP 1024
#define EVENTS_OF_A_STEP 64
#define BYTES_OF_A_STEP (256 * 1024)

/*
 * The methods that send. Each checks its arguments, and then sends all that it was asked to.
 */

/* One such call, once its arguments are in order: how much of it is under way, and what has come of
 * the rest. It is answered once, when the last of it has finished. That the layer is down matters
 * only to a call that reached nobody: whoever is here has had the event. */
typedef struct
{
  ChannelsHub *hub;                  /* (owned) */
  GDBusMethodInvocation *invocation; /* (owned): until it is answered */
  gboolean wide;                     /* whether the answer is `(tt)`, not `(uu)` */
  guint pending;      /* sends under way, members not ready for more, and one while more may come */
  guint64 receivers;  /* local members that were handed an event */
  guint64 remotes;    /* other nodes */
  GVariant *messages; /* (owned) (nullable): of SendMany */
  GVariantIter rest;  /* of those: what has not been checked, or sent once all are */
  gboolean checked;   /* all of those have been */
  guint64 event_size; /* bytes that each text may have */
  GError *error;      /* (owned) (nullable): the gravest so far */
} Call;

static Call *
call_new (ChannelsHub *hub, GDBusMethodInvocation *invocation, gboolean wide)
{
  Call *call = g_new0 (Call, 1);

  call->hub = g_object_ref (hub);
  call->invocation = invocation;
  call->wide = wide;
  call->pending = 1;

  return call;
}

static gboolean
is_layer_unavailable (const GError *error)
{
  return g_error_matches (error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
}

static void
call_answer (Call *call)
{
  if (is_layer_unavailable (call->error) && call->receivers > 0)
    g_clear_error (&call->error);

  if (call->error != NULL)
    g_dbus_method_invocation_take_error (call->invocation, g_steal_pointer (&call->error));
  else if (call->wide)
    g_dbus_method_invocation_return_value (call->invocation,
                                           g_variant_new ("(tt)", call->receivers, call->remotes));
  else
    g_dbus_method_invocation_return_value (
        call->invocation,
        g_variant_new ("(uu)", (guint32) call->receivers, (guint32) call->remotes));
}

/* Answers the call, and frees it, if nothing of it is under way any more. */
static void
call_release (Call *call)
{
  if (--call->pending > 0)
    return;

  call_answer (call);
  g_clear_pointer (&call->messages, g_variant_unref);
  g_object_unref (call->hub);
  g_free (call);
}

static void
send_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  g_autoptr (GError) error = NULL;
  guint remotes = 0;

  if (channels_hub_send_finish (call->hub, result, &remotes, &error))
    {
      call->remotes += remotes;
    }
  else if (call->error == NULL || is_layer_unavailable (call->error))
    {
      g_clear_error (&call->error);
      call->error = g_steal_pointer (&error);
    }

  call_release (call);
}

static void
ready_cb (gpointer user_data)
{
  call_release (user_data);
}

/* Who sends faster than browsers are written to waits for the answer: else its flood would be
 * everybody's wait. */
static void
call_send_to_group (Call *call, const char *group, ChannelsEvent *event)
{
  gboolean waits = !channels_layer_is_alone (channels_hub_get_layer (call->hub));

  call->pending += waits ? 1 : 0;
  call->receivers +=
      channels_hub_send_to_group (call->hub, group, event, NULL, waits ? send_cb : NULL, call);
  call->pending += channels_hub_when_ready (call->hub, group, ready_cb, call);
}

static gboolean
check_size (guint64 maximum, gsize size, GError **error)
{
  if (size <= maximum)
    return TRUE;

  g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_MESSAGE_TOO_BIG,
               "%" G_GSIZE_FORMAT " bytes are more than the %" G_GUINT64_FORMAT " of EventSize",
               size, maximum);
  return FALSE;
}

static gboolean
check_text (guint64 maximum, const char *group, const char *message, GError **error)
{
  return channels_group_name_validate (group, error) &&
         check_size (maximum, strlen (message), error);
}

/* How many of @messages there are; not each of them. */
static gboolean
check_number (GVariant *messages, GError **error)
{
  gsize n = g_variant_n_children (messages);

  if (n <= CHANNELS_BUS_SEND_MANY_MAX)
    return TRUE;

  g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_MESSAGE_TOO_BIG,
               "%" G_GSIZE_FORMAT " messages are more than %u", n, CHANNELS_BUS_SEND_MANY_MAX);
  return FALSE;
}

static ChannelsEvent *
make_event (const ChannelsLimits *limits, GVariant *dictionary, GError **error)
{
  if (!check_size (limits->value[CHANNELS_LIMIT_EVENT_SIZE], g_variant_get_size (dictionary),
                   error))
    return NULL;

  return channels_event_new_from_variant (dictionary, (guint) limits->value[CHANNELS_LIMIT_NESTING],
                                          error);
}

/**
 * channels_bus_send_text:
 * @hub: where it is sent
 * @limits: the bounds
 * @invocation: (transfer full): a call of SendToGroup, which is answered
 * @group: the group's name, unchecked
 * @message: the text
 *
 * Sends a text to a group as a chat message.
 */
void
channels_bus_send_text (ChannelsHub *hub,
                        const ChannelsLimits *limits,
                        GDBusMethodInvocation *invocation,
                        const char *group,
                        const char *message)
{
  g_autoptr (ChannelsEvent) event = NULL;
  GError *error = NULL;
  Call *call;

  if (!check_text (limits->value[CHANNELS_LIMIT_EVENT_SIZE], group, message, &error))
    {
      g_dbus_method_invocation_take_error (invocation, error);
      return;
    }

  event = channels_event_new_chat_text (message);
  call = call_new (hub, invocation, FALSE);
  call_send_to_group (call, group, event);
  call_release (call);
}

/**
 * channels_bus_send_event:
 * @hub: where it is sent
 * @limits: the bounds
 * @invocation: (transfer full): a call of SendEventToGroup, which is answered
 * @group: the group's name, unchecked
 * @dictionary: the event, unchecked
 *
 * Sends an event to a group.
 */
void
channels_bus_send_event (ChannelsHub *hub,
                         const ChannelsLimits *limits,
                         GDBusMethodInvocation *invocation,
                         const char *group,
                         GVariant *dictionary)
{
  g_autoptr (ChannelsEvent) event = NULL;
  GError *error = NULL;
  Call *call;

  if (channels_group_name_validate (group, &error))
    event = make_event (limits, dictionary, &error);

  if (event == NULL)
    {
      g_dbus_method_invocation_take_error (invocation, error);
      return;
    }

  call = call_new (hub, invocation, FALSE);
  call_send_to_group (call, group, event);
  call_release (call);
}

/* The next pair, in (transfer none), or `FALSE` where there is none. To have GLib read a format
 * string for each would cost as much as to send it. */
static gboolean
call_take_next (Call *call, const char **out_group, const char **out_message)
{
  g_autoptr (GVariant) pair = g_variant_iter_next_value (&call->rest);
  g_autoptr (GVariant) group = NULL;
  g_autoptr (GVariant) message = NULL;

  if (pair == NULL)
    return FALSE;

  group = g_variant_get_child_value (pair, 0);
  message = g_variant_get_child_value (pair, 1);
  *out_group = g_variant_get_string (group, NULL);
  *out_message = g_variant_get_string (message, NULL);

  return TRUE;
}

/* Returns: `FALSE` where there are no more. */
static gboolean
send_some (Call *call)
{
  const char *group;
  const char *message;
  gsize size = 0;

  for (guint i = 0; i < EVENTS_OF_A_STEP && size < BYTES_OF_A_STEP; i++)
    {
      g_autoptr (ChannelsEvent) event = NULL;

      if (!call_take_next (call, &group, &message))
        return FALSE;

      event = channels_event_new_chat_text (message);
      call_send_to_group (call, group, event);
      size += strlen (message);
    }

  return TRUE;
}

/* Returns: `FALSE` where one may not be sent: then the call has its error. */
static gboolean
check_some (Call *call)
{
  const char *group;
  const char *message;
  gsize size = 0;

  for (guint i = 0; i < CHECKS_OF_A_STEP && size < BYTES_OF_A_STEP; i++)
    {
      if (!call_take_next (call, &group, &message))
        {
          g_variant_iter_init (&call->rest, call->messages);
          call->checked = TRUE;
          return TRUE;
        }

      if (!check_text (call->event_size, group, message, &call->error))
        return FALSE;

      size += strlen (message);
    }

  return TRUE;
}

static gboolean
send_many_step (gpointer user_data)
{
  Call *call = user_data;
  gboolean more = call->checked ? send_some (call) : check_some (call);

  if (!more)
    call_release (call);

  return more;
}

/**
 * channels_bus_send_many:
 * @calls: what @invocation is one of
 * @hub: where they are sent
 * @limits: the bounds
 * @invocation: (transfer full): a call of SendMany, which is answered
 * @messages: `a(ss)`: pairs of a group's name and a text, unchecked
 *
 * Sends many texts, in order: all of them, or none where one of them may not be sent.
 */
void
channels_bus_send_many (ChannelsBusCalls *calls,
                        ChannelsHub *hub,
                        const ChannelsLimits *limits,
                        GDBusMethodInvocation *invocation,
                        GVariant *messages)
{
  GError *error = NULL;
  Call *call;

  if (!check_number (messages, &error))
    {
      g_dbus_method_invocation_take_error (invocation, error);
      return;
    }

  call = call_new (hub, invocation, TRUE);
  call->event_size = limits->value[CHANNELS_LIMIT_EVENT_SIZE];
  call->messages = g_variant_ref (messages);
  g_variant_iter_init (&call->rest, call->messages);
  channels_bus_calls_run (calls, g_dbus_method_invocation_get_sender (invocation), send_many_step,
                          call);
}

/**
 * channels_bus_send_to_channel:
 * @hub: where it is sent
 * @limits: the bounds
 * @invocation: (transfer full): a call of SendToChannel, which is answered
 * @channel: the channel's name, unchecked
 * @dictionary: the event, unchecked
 *
 * Sends an event to one channel.
 */
void
channels_bus_send_to_channel (ChannelsHub *hub,
                              const ChannelsLimits *limits,
                              GDBusMethodInvocation *invocation,
                              const char *channel,
                              GVariant *dictionary)
{
  g_autoptr (ChannelsEvent) event = NULL;
  GError *error = NULL;
  Call *call;

  if (channels_channel_name_validate (channel, &error))
    event = make_event (limits, dictionary, &error);

  if (event == NULL)
    {
      g_dbus_method_invocation_take_error (invocation, error);
      return;
    }

  call = call_new (hub, invocation, FALSE);
  call->pending++;
  call->receivers += channels_hub_send_to_channel (hub, channel, event, NULL, send_cb, call);
  call_release (call);
}
