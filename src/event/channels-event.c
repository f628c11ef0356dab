/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-event-private.h"

#include "channels-error.h"
#include "channels-event-rules.h"
#include "channels-json.h"
#include "channels-msgpack-message.h"
#include "channels-msgpack.h"
#include "channels-names.h"

#include <string.h>

/* A chat message was validated by who brought it, at a depth that it knew. */
#define ANY_DEPTH G_MAXUINT

/* Levels in one D-Bus message. The specification says 32 arrays and 32 tuples; libdbus counts all
 * together, with variants and entries of dictionaries, and closes the connection past 64. */
#define BUS_LEVELS 64

/*
 * channels_event_new:
 *
 * Returns: (transfer full): an event without any form, of the type `chat_message`
 */
ChannelsEvent *
channels_event_new (void)
{
  ChannelsEvent *self = g_new0 (ChannelsEvent, 1);

  g_atomic_ref_count_init (&self->ref_count);
  return self;
}

/**
 * channels_event_new_from_variant:
 * @dictionary: an `a{sv}`; consumed if floating
 * @max_depth: arrays, dictionaries and tuples that may lie in each other, @dictionary the first;
 * variants do not count
 * @error: return location for a `GError`, or `NULL`
 *
 * Makes an event of a dictionary. Bytes, NaN and the infinities are allowed: such an event has no
 * JSON, but travels everywhere else.
 *
 * Fails with `CHANNELS_ERROR_INVALID_EVENT` if there is no `type`, if it is no string, empty or
 * reserved (`_…`, `websocket.…`, `http.…`, with `_` for `.` too), if @dictionary is nested deeper
 * than @max_depth, or if something in it cannot travel: handles, maybe types, empty tuples, keys
 * that are no strings, one key twice.
 *
 * Returns: (transfer full): an event, or `NULL` with @error set
 */
ChannelsEvent *
channels_event_new_from_variant (GVariant *dictionary, guint max_depth, GError **error)
{
  g_autoptr (ChannelsEvent) self = NULL;

  g_return_val_if_fail (dictionary != NULL, NULL);
  g_return_val_if_fail (g_variant_is_of_type (dictionary, G_VARIANT_TYPE_VARDICT), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  self = channels_event_new ();
  self->dictionary = g_variant_ref_sink (dictionary);

  if (!channels_event_check_value (dictionary, max_depth, error))
    return NULL;

  self->type = channels_event_dup_type (dictionary, error);
  if (self->type == NULL || !channels_event_check_type (self->type, error))
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * channels_event_new_from_json:
 * @text: (nullable): need not end with NUL; `NULL` if @length is 0
 * @length: bytes of @text
 * @max_depth: as in channels_json_validate(); the event itself is the first
 * @error: return location for a `GError`, or `NULL`
 *
 * Makes an event of an object in JSON, and keeps a copy of its bytes.
 *
 * Fails as channels_json_validate() does, with `CHANNELS_JSON_ERROR_NOT_AN_OBJECT` if @text is
 * good but no object, and with `CHANNELS_ERROR_INVALID_EVENT` if its `type` breaks a rule of
 * channels_event_new_from_variant().
 *
 * Returns: (transfer full): an event, or `NULL` with @error set
 */
ChannelsEvent *
channels_event_new_from_json (const char *text, gsize length, guint max_depth, GError **error)
{
  g_autoptr (ChannelsEvent) self = NULL;
  g_autoptr (GError) local_error = NULL;
  const char *message = NULL;
  gsize message_length;

  if (!channels_json_find_member (text, length, max_depth, CHANNELS_EVENT_KEY_MESSAGE, &message,
                                  &message_length, &local_error) &&
      !g_error_matches (local_error, CHANNELS_JSON_ERROR, CHANNELS_JSON_ERROR_NO_MEMBER))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }

  self = channels_event_new ();
  self->dictionary = g_variant_ref_sink (channels_json_to_variant (text, length, max_depth, NULL));
  self->type = channels_event_dup_type (self->dictionary, error);
  if (self->type == NULL || !channels_event_check_type (self->type, error))
    return NULL;

  self->json = g_bytes_new (text, length);
  if (message != NULL)
    self->message_json =
        g_bytes_new_from_bytes (self->json, (gsize) (message - text), message_length);

  return g_steal_pointer (&self);
}

/**
 * channels_event_new_chat:
 * @message_json: one value in JSON that channels_json_find_member() or channels_json_validate()
 * accepted; need not end with NUL
 * @length: bytes of @message_json, > 0
 *
 * Makes the event `{"type": "chat_message", "message": …}` with a copy of @message_json, which is
 * not looked at again: this is what each message from a browser goes through.
 *
 * Returns: (transfer full): an event
 */
ChannelsEvent *
channels_event_new_chat (const char *message_json, gsize length)
{
  ChannelsEvent *self;

  g_return_val_if_fail (message_json != NULL && length > 0, NULL);

  self = channels_event_new ();
  self->lean = TRUE;
  self->message_json = g_bytes_new (message_json, length);
  return self;
}

/**
 * channels_event_new_chat_text:
 * @message: UTF-8
 *
 * Makes the event `{"type": "chat_message", "message": "…"}`.
 *
 * Returns: (transfer full): an event
 */
ChannelsEvent *
channels_event_new_chat_text (const char *message)
{
  ChannelsEvent *self;
  GString *json;

  g_return_val_if_fail (message != NULL, NULL);

  json = g_string_sized_new (strlen (message) + sizeof "\"\"");
  channels_json_append_string (json, message, -1);

  self = channels_event_new ();
  self->lean = TRUE;
  self->message_json = g_string_free_to_bytes (json);
  return self;
}

/**
 * channels_event_ref:
 * @self: an event
 *
 * May be called in any thread.
 *
 * Returns: (transfer full): @self
 */
ChannelsEvent *
channels_event_ref (ChannelsEvent *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * channels_event_unref:
 * @self: (transfer full): an event
 *
 * May be called in any thread.
 */
void
channels_event_unref (ChannelsEvent *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_free (self->type);
  g_clear_pointer (&self->dictionary, g_variant_unref);
  g_clear_pointer (&self->json, g_bytes_unref);
  g_clear_pointer (&self->message_json, g_bytes_unref);
  g_clear_pointer (&self->msgpack, g_bytes_unref);
  g_free (self);
}

/**
 * channels_event_get_event_type:
 * @self: an event
 *
 * Returns: (transfer none): its `type`, as long as @self lives
 */
const char *
channels_event_get_event_type (ChannelsEvent *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->type != NULL ? self->type : CHANNELS_EVENT_TYPE_CHAT;
}

/**
 * channels_event_get_variant:
 * @self: an event
 *
 * Returns: (transfer none): the event as an `a{sv}`, not floating
 */
GVariant *
channels_event_get_variant (ChannelsEvent *self)
{
  GVariantBuilder builder;
  GVariant *message;
  gsize length;
  const char *text;

  g_return_val_if_fail (self != NULL, NULL);

  if (self->dictionary != NULL)
    return self->dictionary;

  text = g_bytes_get_data (self->message_json, &length);
  message = channels_json_to_variant (text, length, ANY_DEPTH, NULL);
  g_return_val_if_fail (message != NULL, NULL);

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", CHANNELS_EVENT_KEY_TYPE,
                         g_variant_new_string (channels_event_get_event_type (self)));
  g_variant_builder_add (&builder, "{sv}", CHANNELS_EVENT_KEY_MESSAGE, message);
  self->dictionary = g_variant_ref_sink (g_variant_builder_end (&builder));

  return self->dictionary;
}

/**
 * channels_event_lookup_extra:
 * @self: an event
 * @key: a member that is neither `type` nor `message`
 *
 * Makes no form of the event: one that has these two only, as nearly all do, costs nothing.
 *
 * Returns: (transfer full) (nullable): the member's value, or `NULL` if there is none
 */
GVariant *
channels_event_lookup_extra (ChannelsEvent *self, const char *key)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (key != NULL, NULL);

  return self->lean ? NULL : g_variant_lookup_value (self->dictionary, key, NULL);
}

/**
 * channels_event_fits_bus:
 * @self: an event
 *
 * Tells whether a D-Bus message can have the event's dictionary as an argument. JSON may be nested
 * deeper than D-Bus allows: an object within the dictionary takes three levels, an array two, and
 * 64 are all. The bus closes the connection of whoever sends more, and GDBus does not look.
 *
 * Returns: `TRUE` if @self may be sent over the bus
 */
gboolean
channels_event_fits_bus (ChannelsEvent *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return channels_event_value_fits (channels_event_get_variant (self), BUS_LEVELS);
}

static GBytes *
variant_to_json (GVariant *value, GError **error)
{
  g_autoptr (GString) json = g_string_new (NULL);

  if (!channels_json_append_variant (json, value, error))
    return NULL;

  return g_string_free_to_bytes (g_steal_pointer (&json));
}

static GBytes *
lean_to_json (ChannelsEvent *self)
{
  static const char head[] = "{\"" CHANNELS_EVENT_KEY_TYPE "\":";
  static const char middle[] = ",\"" CHANNELS_EVENT_KEY_MESSAGE "\":";
  gsize length;
  const char *text = g_bytes_get_data (self->message_json, &length);
  GString *json = g_string_sized_new (sizeof head + sizeof middle + length + 32);

  g_string_append_len (json, head, sizeof head - 1);
  channels_json_append_string (json, channels_event_get_event_type (self), -1);
  g_string_append_len (json, middle, sizeof middle - 1);
  g_string_append_len (json, text, (gssize) length);
  g_string_append_c (json, '}');

  return g_string_free_to_bytes (json);
}

/**
 * channels_event_get_json:
 * @self: an event
 * @error: return location for a `GError`, or `NULL`
 *
 * What came as JSON has the bytes that it came with, white space and all.
 *
 * Fails with `CHANNELS_JSON_ERROR_UNREPRESENTABLE` as channels_json_append_variant() does.
 *
 * Returns: (transfer none): the event in JSON, without NUL at the end, or `NULL` with @error set
 */
GBytes *
channels_event_get_json (ChannelsEvent *self, GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (self->json == NULL && self->lean)
    self->json = lean_to_json (self);
  else if (self->json == NULL)
    self->json = variant_to_json (self->dictionary, error);

  return self->json;
}

static GBytes *
print_message (GVariant *dictionary, GError **error)
{
  g_autoptr (GVariant) message =
      g_variant_lookup_value (dictionary, CHANNELS_EVENT_KEY_MESSAGE, NULL);

  if (message == NULL)
    {
      g_set_error_literal (error, CHANNELS_JSON_ERROR, CHANNELS_JSON_ERROR_NO_MEMBER,
                           "the event has no “" CHANNELS_EVENT_KEY_MESSAGE "”");
      return NULL;
    }

  return variant_to_json (message, error);
}

/**
 * channels_event_get_message_json:
 * @self: an event
 * @error: return location for a `GError`, or `NULL`
 *
 * What came as JSON has the bytes that it came with: what a browser sent is relayed unchanged.
 *
 * Fails with `CHANNELS_JSON_ERROR_NO_MEMBER` if the event has no `message`, and with
 * `CHANNELS_JSON_ERROR_UNREPRESENTABLE` as channels_json_append_variant() does.
 *
 * Returns: (transfer none): the event's `message` in JSON, without NUL at the end, or `NULL` with
 * @error set
 */
GBytes *
channels_event_get_message_json (ChannelsEvent *self, GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (self->message_json == NULL)
    self->message_json = print_message (self->dictionary, error);

  return self->message_json;
}

/* Appends a lean event whose message is a text that stands in JSON as it is, and without white
 * space around it. */
static gboolean
append_plain_text (ChannelsEvent *self, GByteArray *out)
{
  gsize length;
  const char *text = g_bytes_get_data (self->message_json, &length);
  const char *type = channels_event_get_event_type (self);
  ChannelsMsgpackMessage message = { .type = { type, strlen (type) } };

  if (length < strlen ("\"\"") || text[0] != '"' || text[length - 1] != '"' ||
      memchr (text, '\\', length) != NULL)
    return FALSE;

  message.message.data = text + 1;
  message.message.length = length - strlen ("\"\"");
  return channels_msgpack_append_message (out, &message);
}

/**
 * channels_event_get_msgpack:
 * @self: an event
 * @error: return location for a `GError`, or `NULL`
 *
 * Fails as channels_msgpack_append() does.
 *
 * Returns: (transfer none): the event as a map in MessagePack, or `NULL` with @error set
 */
GBytes *
channels_event_get_msgpack (ChannelsEvent *self, GError **error)
{
  g_autoptr (GByteArray) out = NULL;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (self->msgpack != NULL)
    return self->msgpack;

  out = g_byte_array_new ();
  if ((self->lean && append_plain_text (self, out)) ||
      channels_msgpack_append (out, channels_event_get_variant (self), error))
    self->msgpack = g_byte_array_free_to_bytes (g_steal_pointer (&out));

  return self->msgpack;
}
