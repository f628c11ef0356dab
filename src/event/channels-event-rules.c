/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-event-rules.h"

#include "channels-error.h"
#include "channels-json-variant.h"
#include "channels-names.h"

#include <string.h>

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error_literal (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT, why);
  return FALSE;
}

/* Channels' consumers find the handler of a type by turning each "." into "_": what is reserved is
 * so in both spellings. */
static gboolean
is_reserved (const char *type)
{
  static const char *const prefixes[] = { "_", "websocket_", "http_" };
  g_autofree char *handler = g_strdelimit (g_strdup (type), ".", '_');

  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
    if (g_str_has_prefix (handler, prefixes[i]))
      return TRUE;

  return FALSE;
}

/*
 * channels_event_check_type:
 * @type: an event's `type`
 * @error: return location for a `GError`, or `NULL`
 *
 * Checks what holds for those who send through this node.
 *
 * Fails with `CHANNELS_ERROR_INVALID_EVENT` if @type is empty or reserved.
 *
 * Returns: `TRUE` if @type may be sent, `FALSE` with @error set otherwise
 */
gboolean
channels_event_check_type (const char *type, GError **error)
{
  if (*type == '\0')
    return refuse (error, "the event's “type” is empty");
  if (is_reserved (type))
    return refuse (error,
                   "the event's “type” is reserved: it starts with “_”, “websocket.” or “http.”");

  return TRUE;
}

/*
 * channels_event_dup_type:
 * @dictionary: an `a{sv}`
 * @error: return location for a `GError`, or `NULL`
 *
 * Fails with `CHANNELS_ERROR_INVALID_EVENT` if there is no `type`, or if it is no string.
 *
 * Returns: (transfer full): the `type`, or `NULL` with @error set
 */
char *
channels_event_dup_type (GVariant *dictionary, GError **error)
{
  g_autoptr (GVariant) type = g_variant_lookup_value (dictionary, CHANNELS_EVENT_KEY_TYPE, NULL);

  if (type == NULL)
    {
      refuse (error, "the event has no “type”");
      return NULL;
    }
  if (!g_variant_is_of_type (type, G_VARIANT_TYPE_STRING))
    {
      refuse (error, "the event's “type” is no string");
      return NULL;
    }

  return g_variant_dup_string (type, NULL);
}

/* Whether values of a type can be sent on: handles mean nothing to others, and of the rest, the bus
 * knows no maybe types, no empty tuples and no entries outside dictionaries. */
static gboolean
type_can_travel (const char *type)
{
  for (const char *c = type; *c != '\0'; c++)
    {
      if (*c == 'h' || *c == 'm')
        return FALSE;
      if (*c == '(' && c[1] == ')')
        return FALSE;
      if (*c == '{' && (c == type || c[-1] != 'a' || c[1] != 's'))
        return FALSE;
    }

  return TRUE;
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* D-Bus calls a dictionary with one key twice corrupt, but does not look. Receivers would not agree
 * on which of the two counts. */
static gboolean
check_keys (GVariant *dictionary, GError **error)
{
  gsize n = g_variant_n_children (dictionary);
  g_autoptr (GPtrArray) keys = g_ptr_array_sized_new ((guint) n);

  for (gsize i = 0; i < n; i++)
    {
      const char *key;

      g_variant_get_child (dictionary, i, "{&s*}", &key, NULL);
      g_ptr_array_add (keys, (gpointer) key);
    }
  g_ptr_array_sort (keys, compare_strings);

  for (guint i = 1; i < keys->len; i++)
    if (g_str_equal (g_ptr_array_index (keys, i - 1), g_ptr_array_index (keys, i)))
      return refuse (error, "a dictionary has one key twice");

  return TRUE;
}

/* An array of what has no levels is not looked into: it may be long. */
static gboolean
has_levels_inside (GVariant *value)
{
  const GVariantType *type = g_variant_get_type (value);

  return !g_variant_type_is_array (type) ||
         !g_variant_type_is_basic (g_variant_type_element (type));
}

/*
 * channels_event_check_value:
 * @value: an event's dictionary, or what is inside one
 * @levels: arrays, dictionaries and tuples that may lie in each other
 * @error: return location for a `GError`, or `NULL`
 *
 * Checks all that @value holds. Bounded by @levels, since variants, which are no level, are not
 * recursed into.
 *
 * Fails with `CHANNELS_ERROR_INVALID_EVENT` as channels_event_new_from_variant() says.
 *
 * Returns: `TRUE` if @value may be sent, `FALSE` with @error set otherwise
 */
gboolean
channels_event_check_value (GVariant *value, guint levels, GError **error)
{
  g_autoptr (GVariant) inner = channels_variant_unwrap (value);
  gboolean is_dictionary;
  gsize n;

  if (!type_can_travel (g_variant_get_type_string (inner)))
    return refuse (error, "a value has a type that cannot travel: a handle, a maybe type, "
                          "an empty tuple, or a key that is no string");
  if (!g_variant_is_container (inner))
    return TRUE;
  if (levels == 0)
    return refuse (error, "the event is nested too deep");

  is_dictionary = g_variant_is_of_type (inner, G_VARIANT_TYPE_DICTIONARY);
  if (is_dictionary && !check_keys (inner, error))
    return FALSE;
  if (!has_levels_inside (inner))
    return TRUE;

  n = g_variant_n_children (inner);
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (inner, i);
      g_autoptr (GVariant) member =
          is_dictionary ? g_variant_get_child_value (child, 1) : g_steal_pointer (&child);

      if (!channels_event_check_value (member, levels - 1, error))
        return FALSE;
    }

  return TRUE;
}

/*
 * channels_event_value_fits:
 * @value: any value
 * @levels: containers that may lie in each other, variants and entries of dictionaries too
 *
 * Returns: `TRUE` if @value has no more levels
 */
gboolean
channels_event_value_fits (GVariant *value, guint levels)
{
  gsize n;

  if (!g_variant_is_container (value))
    return TRUE;
  if (levels == 0)
    return FALSE;
  if (!has_levels_inside (value))
    return TRUE;

  n = g_variant_n_children (value);
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      if (!channels_event_value_fits (child, levels - 1))
        return FALSE;
    }

  return TRUE;
}
