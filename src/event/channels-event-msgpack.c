/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-event-private.h"

#include "channels-error.h"
#include "channels-event-rules.h"
#include "channels-json.h"
#include "channels-msgpack-check.h"
#include "channels-msgpack-message.h"
#include "channels-msgpack.h"
#include "channels-names.h"

#include <string.h>

/* Levels of an event with the list of those that it is for. */
#define ADDRESSED_DEPTH 2

/* Events that other nodes sent. */

static GVariant *
read_map (const guint8 *data, gsize length, guint max_depth, GError **error)
{
  g_autoptr (GVariant) value = channels_msgpack_to_variant (data, length, max_depth, error);

  if (value == NULL)
    return NULL;

  g_variant_ref_sink (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT))
    return g_steal_pointer (&value);

  g_set_error_literal (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT,
                       "the event is no map in MessagePack");
  return NULL;
}

/* An event from another node, whose consumers follow its own rules: a type that none of ours has a
 * handler for does no harm. */
static ChannelsEvent *
new_from_node (GVariant *dictionary, GError **error)
{
  g_autoptr (ChannelsEvent) self = channels_event_new ();

  self->dictionary = g_variant_ref_sink (dictionary);
  self->type = channels_event_dup_type (dictionary, error);

  return self->type != NULL ? g_steal_pointer (&self) : NULL;
}

/* A lean event of @data, which channels_msgpack_check() let pass; `NULL` if there is more in it. */
static ChannelsEvent *
new_lean (const guint8 *data, gsize length, GStrvBuilder *channels)
{
  ChannelsMsgpackMessage message;
  ChannelsEvent *self;
  GString *json;

  if (!channels_msgpack_read_message (data, length, &message, channels))
    return NULL;

  json = g_string_sized_new (message.message.length + sizeof "\"\"");
  channels_json_append_string (json, message.message.data, (gssize) message.message.length);

  self = channels_event_new ();
  self->lean = TRUE;
  self->message_json = g_string_free_to_bytes (json);
  if (message.type.length != strlen (CHANNELS_EVENT_TYPE_CHAT) ||
      memcmp (message.type.data, CHANNELS_EVENT_TYPE_CHAT, message.type.length) != 0)
    self->type = g_strndup (message.type.data, message.type.length);

  return self;
}

/**
 * channels_event_new_from_msgpack:
 * @data: (nullable): `NULL` if @length is 0
 * @length: bytes of @data
 * @max_depth: as in channels_msgpack_to_variant(); the event itself is the first
 * @error: return location for a `GError`, or `NULL`
 *
 * Makes an event of a map that another node sent. Its `type` may be any string, reserved ones too.
 *
 * Fails as channels_msgpack_to_variant() does, and with `CHANNELS_ERROR_INVALID_EVENT` if @data is
 * no map or has no `type` that is a string.
 *
 * Returns: (transfer full): an event, or `NULL` with @error set
 */
ChannelsEvent *
channels_event_new_from_msgpack (const guint8 *data, gsize length, guint max_depth, GError **error)
{
  g_autoptr (GVariant) map = NULL;
  ChannelsEvent *lean;

  g_return_val_if_fail (data != NULL || length == 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!channels_msgpack_check (data, length, max_depth, error))
    return NULL;

  lean = new_lean (data, length, NULL);
  if (lean != NULL)
    return lean;

  map = read_map (data, length, max_depth, error);
  return map != NULL ? new_from_node (map, error) : NULL;
}

/* @names: one string, or an array of them. */
static gboolean
add_channels (GStrvBuilder *channels, GVariant *names)
{
  if (g_variant_is_of_type (names, G_VARIANT_TYPE_STRING))
    {
      g_strv_builder_add (channels, g_variant_get_string (names, NULL));
      return TRUE;
    }
  if (!g_variant_is_of_type (names, G_VARIANT_TYPE ("av")))
    return FALSE;

  for (gsize i = 0; i < g_variant_n_children (names); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (names, i);
      g_autoptr (GVariant) name = g_variant_get_variant (child);

      if (!g_variant_is_of_type (name, G_VARIANT_TYPE_STRING))
        return FALSE;
      g_strv_builder_add (channels, g_variant_get_string (name, NULL));
    }

  return TRUE;
}

/* Splits what came into those that it is for and the event proper. */
static GVariant *
take_channels (GVariant *map, GStrvBuilder *channels)
{
  g_auto (GVariantBuilder) rest = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  gboolean is_addressed = FALSE;

  for (gsize i = 0; i < g_variant_n_children (map); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (map, i);
      g_autoptr (GVariant) value = NULL;
      const char *key;

      g_variant_get (entry, "{&sv}", &key, &value);
      if (!g_str_equal (key, CHANNELS_EVENT_KEY_CHANNEL))
        g_variant_builder_add_value (&rest, entry);
      else if (add_channels (channels, value))
        is_addressed = TRUE;
    }

  return is_addressed ? g_variant_builder_end (&rest) : NULL;
}

/**
 * channels_event_new_addressed:
 * @data: (nullable): `NULL` if @length is 0
 * @length: bytes of @data
 * @max_depth: as in channels_event_new_from_msgpack(), but two levels are always allowed: the list
 * of channels needs them
 * @out_channels: (out) (transfer full): the channels that it is for; what they are called was not
 * checked, and none may be there
 * @error: return location for a `GError`, or `NULL`
 *
 * Makes an event of a map that another node put into this node's queue: a member of it,
 * `__asgi_channel__`, says for which channels of this node it is, a string or an array of them. The
 * event is without this member.
 *
 * Fails as channels_event_new_from_msgpack() does, and with `CHANNELS_ERROR_INVALID_EVENT` if it
 * does not say for whom it is.
 *
 * Returns: (transfer full): an event, or `NULL` with @error set
 */
ChannelsEvent *
channels_event_new_addressed (const guint8 *data,
                              gsize length,
                              guint max_depth,
                              char ***out_channels,
                              GError **error)
{
  g_autoptr (GStrvBuilder) channels = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) lean_channels = g_strv_builder_new ();
  g_autoptr (GVariant) map = NULL;
  GVariant *dictionary;
  ChannelsEvent *self;

  g_return_val_if_fail (data != NULL || length == 0, NULL);
  g_return_val_if_fail (out_channels != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  max_depth = MAX (max_depth, ADDRESSED_DEPTH);
  if (!channels_msgpack_check (data, length, max_depth, error))
    return NULL;

  self = new_lean (data, length, lean_channels);
  if (self != NULL)
    {
      *out_channels = g_strv_builder_end (lean_channels);
      return self;
    }

  map = read_map (data, length, max_depth, error);
  if (map == NULL)
    return NULL;

  dictionary = take_channels (map, channels);
  if (dictionary == NULL)
    {
      g_set_error_literal (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT,
                           "the event has no “" CHANNELS_EVENT_KEY_CHANNEL
                           "” that is a string or an array of strings");
      return NULL;
    }

  self = new_from_node (dictionary, error);
  if (self != NULL)
    *out_channels = g_strv_builder_end (channels);

  return self;
}
