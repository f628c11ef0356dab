/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-msgpack.h"

#include "channels-error.h"
#include "channels-json-variant.h"
#include "channels-members.h"
#include "channels-msgpack-check.h"

#include <msgpack.h>
#include <string.h>

/* Between MessagePack and GVariant. Both ways recurse a level at a time, and both are bounded by
 * CHANNELS_MSGPACK_DEPTH_MAX. What is written has the bytes that Python's msgpack.packb () makes of
 * the same value: shortest forms, str8 and bin, integers >= 0 unsigned, float64 alone. */

/* A text that is being written. */
typedef struct
{
  GByteArray *out; /* (unowned) */
  guint start;     /* bytes that were in it before */
  msgpack_packer packer;
} Writer;

static int
write_cb (void *data, const char *bytes, size_t length)
{
  Writer *self = data;

  if (length > CHANNELS_MSGPACK_SIZE_MAX - (self->out->len - self->start))
    return -1;

  g_byte_array_append (self->out, (const guint8 *) bytes, (guint) length);
  return 0;
}

static void
writer_init (Writer *self, GByteArray *out)
{
  self->out = out;
  self->start = out->len;
  msgpack_packer_init (&self->packer, self, write_cb);
}

/* @status: 0, or what write_cb () returned. */
static gboolean
check_written (int status, GError **error)
{
  if (status == 0)
    return TRUE;

  g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_MESSAGE_TOO_BIG,
               "the event has more than %d bytes of MessagePack", CHANNELS_MSGPACK_SIZE_MAX);
  return FALSE;
}

static int
write_string (Writer *self, const char *string)
{
  return msgpack_pack_str_with_body (&self->packer, string, strlen (string));
}

static gboolean write_value (Writer *self, GVariant *value, guint levels, GError **error);

static gboolean
write_array (Writer *self, GVariant *array, guint levels, GError **error)
{
  gsize n = g_variant_n_children (array);

  if (!check_written (msgpack_pack_array (&self->packer, n), error))
    return FALSE;

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (array, i);

      if (!write_value (self, child, levels, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
write_map (Writer *self, GVariant *dictionary, guint levels, GError **error)
{
  gsize n = g_variant_n_children (dictionary);

  if (!check_written (msgpack_pack_map (&self->packer, n), error))
    return FALSE;

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (dictionary, i);
      g_autoptr (GVariant) key = g_variant_get_child_value (entry, 0);
      g_autoptr (GVariant) value = g_variant_get_child_value (entry, 1);

      if (!check_written (write_string (self, g_variant_get_string (key, NULL)), error) ||
          !write_value (self, value, levels, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
write_bytes (Writer *self, GVariant *bytes, GError **error)
{
  gsize length;
  const void *data = g_variant_get_fixed_array (bytes, &length, sizeof (guint8));

  return check_written (msgpack_pack_bin_with_body (&self->packer, data, length), error);
}

static gboolean
refuse_type (GVariant *value, GError **error)
{
  g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT,
               "MessagePack has no form for a value of type “%s”",
               g_variant_get_type_string (value));
  return FALSE;
}

static gboolean
write_container (Writer *self, GVariant *value, guint levels, GError **error)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING))
    return write_bytes (self, value, error);

  if (levels == 0)
    {
      g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT,
                   "the event is nested deeper than %d", CHANNELS_MSGPACK_DEPTH_MAX);
      return FALSE;
    }

  if (g_variant_is_of_type (value, G_VARIANT_TYPE ("a{s*}")))
    return write_map (self, value, levels - 1, error);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_DICTIONARY))
    return refuse_type (value, error);

  return write_array (self, value, levels - 1, error);
}

static int
write_signature (Writer *self, const char *signature)
{
  return *signature == '\0' ? msgpack_pack_nil (&self->packer) : write_string (self, signature);
}

static int
write_boolean (Writer *self, gboolean boolean)
{
  return boolean ? msgpack_pack_true (&self->packer) : msgpack_pack_false (&self->packer);
}

static gboolean
write_value (Writer *self, GVariant *value, guint levels, GError **error)
{
  g_autoptr (GVariant) inner = channels_variant_unwrap (value);
  msgpack_packer *packer = &self->packer;

  switch (g_variant_classify (inner))
    {
    case G_VARIANT_CLASS_BOOLEAN:
      return check_written (write_boolean (self, g_variant_get_boolean (inner)), error);
    case G_VARIANT_CLASS_BYTE:
      return check_written (msgpack_pack_uint8 (packer, g_variant_get_byte (inner)), error);
    case G_VARIANT_CLASS_INT16:
      return check_written (msgpack_pack_int16 (packer, g_variant_get_int16 (inner)), error);
    case G_VARIANT_CLASS_UINT16:
      return check_written (msgpack_pack_uint16 (packer, g_variant_get_uint16 (inner)), error);
    case G_VARIANT_CLASS_INT32:
      return check_written (msgpack_pack_int32 (packer, g_variant_get_int32 (inner)), error);
    case G_VARIANT_CLASS_UINT32:
      return check_written (msgpack_pack_uint32 (packer, g_variant_get_uint32 (inner)), error);
    case G_VARIANT_CLASS_INT64:
      return check_written (msgpack_pack_int64 (packer, g_variant_get_int64 (inner)), error);
    case G_VARIANT_CLASS_UINT64:
      return check_written (msgpack_pack_uint64 (packer, g_variant_get_uint64 (inner)), error);
    case G_VARIANT_CLASS_DOUBLE:
      return check_written (msgpack_pack_double (packer, g_variant_get_double (inner)), error);
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH:
      return check_written (write_string (self, g_variant_get_string (inner, NULL)), error);
    case G_VARIANT_CLASS_SIGNATURE:
      return check_written (write_signature (self, g_variant_get_string (inner, NULL)), error);
    case G_VARIANT_CLASS_ARRAY:
    case G_VARIANT_CLASS_TUPLE:
      return write_container (self, inner, levels, error);
    case G_VARIANT_CLASS_HANDLE:
    case G_VARIANT_CLASS_VARIANT:
    case G_VARIANT_CLASS_MAYBE:
    case G_VARIANT_CLASS_DICT_ENTRY:
    default:
      return refuse_type (inner, error);
    }
}

/**
 * channels_msgpack_append:
 * @out: bytes
 * @value: any value; not consumed, floating or not
 * @error: return location for a `GError`, or `NULL`
 *
 * Appends @value as MessagePack, byte for byte as Python's `msgpack.packb ()` does. Integers of all
 * sizes take their shortest form, doubles nine bytes (NaN and the infinities too), bytes (`ay`) are
 * bin, object paths and signatures are strings (the empty signature is nil), tuples are arrays, and
 * a dictionary whose keys are strings is a map. Variants are what is in them.
 *
 * Fails with `CHANNELS_ERROR_INVALID_EVENT` where MessagePack has no form for something in @value
 * (handles, maybe types, other keys than strings) or @value is nested deeper than
 * %CHANNELS_MSGPACK_DEPTH_MAX, and with `CHANNELS_ERROR_MESSAGE_TOO_BIG` past
 * %CHANNELS_MSGPACK_SIZE_MAX. @out is as long as before then.
 *
 * Returns: `TRUE` if @value was appended, `FALSE` with @error set otherwise
 */
gboolean
channels_msgpack_append (GByteArray *out, GVariant *value, GError **error)
{
  Writer writer;

  g_return_val_if_fail (out != NULL, FALSE);
  g_return_val_if_fail (value != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  writer_init (&writer, out);
  if (write_value (&writer, value, CHANNELS_MSGPACK_DEPTH_MAX, error))
    return TRUE;

  g_byte_array_set_size (out, writer.start);
  return FALSE;
}

/* Where a map's first key is, and how many there are. */
static gboolean
read_map_head (const guint8 *data, gsize length, gsize *out_size, gsize *out_count)
{
  gsize size, count = 0;

  if (length == 0)
    return FALSE;

  size = (data[0] & 0xF0) == 0x80 ? 1 : data[0] == 0xDE ? 3 : data[0] == 0xDF ? 5 : 0;
  if (size == 0 || size > length)
    return FALSE;

  for (gsize i = 1; i < size; i++)
    count = count << 8 | data[i];

  *out_size = size;
  *out_count = size == 1 ? data[0] & 0x0F : count;
  return TRUE;
}

/* Writes @map with one member more, up to the value of that. */
static gboolean
write_map_with (Writer *self, GBytes *map, const char *key, GError **error)
{
  gsize length, head_size, count;
  const guint8 *data = g_bytes_get_data (map, &length);

  g_return_val_if_fail (read_map_head (data, length, &head_size, &count), FALSE);

  return check_written (msgpack_pack_map (&self->packer, count + 1), error) &&
         check_written (write_cb (self, (const char *) data + head_size, length - head_size),
                        error) &&
         check_written (write_string (self, key), error);
}

/**
 * channels_msgpack_append_map_with:
 * @out: bytes
 * @map: what channels_event_get_msgpack() returned
 * @key: UTF-8
 * @value: any value; not consumed, floating or not
 * @error: return location for a `GError`, or `NULL`
 *
 * Appends @map with one member more, its last: what it has already is copied, not made again. If it
 * has a @key, that is there twice then, and readers take the last.
 *
 * Fails as channels_msgpack_append() does.
 *
 * Returns: `TRUE` if the map was appended, `FALSE` with @error set otherwise
 */
gboolean
channels_msgpack_append_map_with (GByteArray *out,
                                  GBytes *map,
                                  const char *key,
                                  GVariant *value,
                                  GError **error)
{
  Writer writer;

  g_return_val_if_fail (out != NULL, FALSE);
  g_return_val_if_fail (map != NULL, FALSE);
  g_return_val_if_fail (key != NULL, FALSE);
  g_return_val_if_fail (value != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  writer_init (&writer, out);
  if (write_map_with (&writer, map, key, error) &&
      write_value (&writer, value, CHANNELS_MSGPACK_DEPTH_MAX - 1, error))
    return TRUE;

  g_byte_array_set_size (out, writer.start);
  return FALSE;
}

static GVariant *make_value (const msgpack_object *object);

/* Of an empty string, msgpack-c has no address. */
static char *
dup_string (const msgpack_object_str *string)
{
  return string->size > 0 ? g_strndup (string->ptr, string->size) : g_strdup ("");
}

static GVariant *
make_array (const msgpack_object_array *array)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("av"));
  for (guint32 i = 0; i < array->size; i++)
    g_variant_builder_add (&builder, "v", make_value (&array->ptr[i]));

  return g_variant_builder_end (&builder);
}

static GVariant *
make_dictionary (const msgpack_object_map *map)
{
  g_autoptr (ChannelsMembers) members = channels_members_new ();

  for (guint32 i = 0; i < map->size; i++)
    {
      const msgpack_object_kv *member = &map->ptr[i];

      channels_members_take (members, dup_string (&member->key.via.str), make_value (&member->val));
    }

  return channels_members_end (members);
}

/* Of what channels_msgpack_check () let pass. */
static GVariant *
make_value (const msgpack_object *object)
{
  switch (object->type)
    {
    case MSGPACK_OBJECT_NIL:
      return g_variant_new_signature ("");
    case MSGPACK_OBJECT_BOOLEAN:
      return g_variant_new_boolean (object->via.boolean);
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
      return object->via.u64 > G_MAXINT64 ? g_variant_new_uint64 (object->via.u64)
                                          : g_variant_new_int64 ((gint64) object->via.u64);
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
      return g_variant_new_int64 (object->via.i64);
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
      return g_variant_new_double (object->via.f64);
    case MSGPACK_OBJECT_STR:
      return g_variant_new_take_string (dup_string (&object->via.str));
    case MSGPACK_OBJECT_BIN:
      return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, object->via.bin.ptr,
                                        object->via.bin.size, sizeof (guint8));
    case MSGPACK_OBJECT_ARRAY:
      return make_array (&object->via.array);
    case MSGPACK_OBJECT_MAP:
      return make_dictionary (&object->via.map);
    case MSGPACK_OBJECT_EXT:
    default:
      g_return_val_if_reached (NULL);
    }
}

/**
 * channels_msgpack_to_variant:
 * @data: (nullable): `NULL` if @length is 0
 * @length: bytes of @data
 * @max_depth: arrays and maps that may be open at once, and no more than
 * %CHANNELS_MSGPACK_DEPTH_MAX: a lone string has depth 0, an empty array has 1
 * @error: return location for a `GError`, or `NULL`
 *
 * Makes a `GVariant` of one value in MessagePack: a map is an `a{sv}`, an array an `av`, a string
 * `s`, bin `ay`, a truth value `b`, an integer `x` where an int64 holds it and else `t`, a float of
 * either size `d`, and nil the empty signature (`g`), which means nothing else. Of members with one
 * name the last counts, in the place of the first, as in Python.
 *
 * All of @data is checked before anything is allocated for it.
 *
 * Fails with `CHANNELS_ERROR_MESSAGE_TOO_BIG` past %CHANNELS_MSGPACK_SIZE_MAX, and with
 * `CHANNELS_ERROR_INVALID_EVENT` if @data is not MessagePack, not one whole value, nested too deep,
 * has more than %CHANNELS_MSGPACK_VALUES_MAX values, a string that is not UTF-8 or has a NUL, a
 * key that is no string, or an extension.
 *
 * Returns: (transfer floating): the value, or `NULL` with @error set
 */
GVariant *
channels_msgpack_to_variant (const guint8 *data, gsize length, guint max_depth, GError **error)
{
  msgpack_unpacked unpacked;
  GVariant *value = NULL;

  g_return_val_if_fail (data != NULL || length == 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!channels_msgpack_check (data, length, max_depth, error))
    return NULL;

  msgpack_unpacked_init (&unpacked);
  if (msgpack_unpack_next (&unpacked, (const char *) data, length, NULL) == MSGPACK_UNPACK_SUCCESS)
    value = make_value (&unpacked.data);
  else
    g_set_error_literal (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT,
                         "msgpack-c cannot read the event");
  msgpack_unpacked_destroy (&unpacked);

  return value;
}
