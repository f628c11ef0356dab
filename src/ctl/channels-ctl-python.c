/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-python.h"

#include <math.h>
#include <string.h>

/* Values of Python that came as JSON: what channels_json_to_variant() makes of them. Tuples are
 * lists: where channels_redis takes the one it takes the other. */

/**
 * channels_ctl_python_is_none:
 * @value: a value
 *
 * Returns: whether it is `None`
 */
gboolean
channels_ctl_python_is_none (GVariant *value)
{
  return g_variant_is_of_type (value, G_VARIANT_TYPE_SIGNATURE);
}

/**
 * channels_ctl_python_is_list:
 * @value: a value
 *
 * Returns: whether it is a list or a tuple
 */
gboolean
channels_ctl_python_is_list (GVariant *value)
{
  return g_variant_is_of_type (value, G_VARIANT_TYPE ("av"));
}

/* (nullable) (transfer none): what a value is tagged with; it lives as long as @value */
static const char *
get_tag (GVariant *value)
{
  const char *tag = NULL;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT))
    g_variant_lookup (value, CHANNELS_CTL_PYTHON_TAG, "&s", &tag);

  return tag;
}

static gboolean
has_tag (GVariant *value, const char *tag)
{
  return g_strcmp0 (get_tag (value), tag) == 0;
}

/**
 * channels_ctl_python_is_dict:
 * @value: a value
 *
 * Returns: whether it is a dictionary, with whatever keys
 */
gboolean
channels_ctl_python_is_dict (GVariant *value)
{
  return has_tag (value, CHANNELS_CTL_PYTHON_DICT) ||
         (g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT) && get_tag (value) == NULL);
}

/**
 * channels_ctl_python_get_type:
 * @value: a value
 *
 * Returns: (transfer full): what Python calls its type, to be shown
 */
char *
channels_ctl_python_get_type (GVariant *value)
{
  const char *tag = get_tag (value);
  const char *name = channels_ctl_python_get_tagged (value, CHANNELS_CTL_PYTHON_OTHER);

  if (name != NULL || tag != NULL)
    return g_strdup (name != NULL ? name : tag);

  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_SIGNATURE:
      return g_strdup ("None");
    case G_VARIANT_CLASS_BOOLEAN:
      return g_strdup ("bool");
    case G_VARIANT_CLASS_STRING:
      return g_strdup ("str");
    case G_VARIANT_CLASS_DOUBLE:
      return g_strdup ("float");
    case G_VARIANT_CLASS_ARRAY:
      return g_strdup (channels_ctl_python_is_list (value) ? "list" : "dict");
    default:
      return g_strdup ("int");
    }
}

/**
 * channels_ctl_python_get_item:
 * @list: a list
 * @index: below its length
 *
 * Returns: (transfer full): an item
 */
GVariant *
channels_ctl_python_get_item (GVariant *list, gsize index)
{
  g_autoptr (GVariant) child = g_variant_get_child_value (list, index);

  return g_variant_get_variant (child);
}

/**
 * channels_ctl_python_get_member:
 * @dict: a dictionary
 * @key: a key
 *
 * Returns: (transfer full) (nullable): what @key leads to
 */
GVariant *
channels_ctl_python_get_member (GVariant *dict, const char *key)
{
  if (has_tag (dict, CHANNELS_CTL_PYTHON_DICT))
    return NULL;

  return g_variant_lookup_value (dict, key, NULL);
}

/**
 * channels_ctl_python_foreach:
 * @dict: a dictionary, with whatever keys
 * @func: called for each of its items, in their order
 * @user_data: for @func
 * @error: return location for a `GError`, or `NULL`
 *
 * Fails as @func does, where that ends it. Of a dictionary with other keys than text, what is no
 * pair is left out: there is none unless somebody wrote it by hand.
 *
 * Returns: `TRUE` at the end; `FALSE` with @error set otherwise
 */
gboolean
channels_ctl_python_foreach (GVariant *dict,
                             ChannelsCtlPythonItemFunc func,
                             gpointer user_data,
                             GError **error)
{
  gboolean pairs = has_tag (dict, CHANNELS_CTL_PYTHON_DICT);
  g_autoptr (GVariant) items = NULL;

  items = pairs ? g_variant_lookup_value (dict, CHANNELS_CTL_PYTHON_VALUE, G_VARIANT_TYPE ("av"))
                : g_variant_ref (dict);

  for (gsize i = 0; items != NULL && i < g_variant_n_children (items); i++)
    {
      g_autoptr (GVariant) item = NULL;
      g_autoptr (GVariant) key = NULL;
      g_autoptr (GVariant) value = NULL;

      if (!pairs)
        {
          g_autoptr (GVariant) entry = g_variant_get_child_value (items, i);

          g_variant_get (entry, "{@sv}", &key, &value);
        }
      else
        {
          item = channels_ctl_python_get_item (items, i);
          if (!channels_ctl_python_is_list (item) || g_variant_n_children (item) != 2)
            continue;
          key = channels_ctl_python_get_item (item, 0);
          value = channels_ctl_python_get_item (item, 1);
        }

      if (!func (key, value, user_data, error))
        return FALSE;
    }

  return TRUE;
}

/**
 * channels_ctl_python_dup_text:
 * @value: a value
 *
 * Returns: (transfer full) (nullable): the text that a `str` or, in UTF-8 and without NUL, `bytes`
 *   are; `NULL` for anything else
 */
char *
channels_ctl_python_dup_text (GVariant *value)
{
  const char *base64 = channels_ctl_python_get_tagged (value, CHANNELS_CTL_PYTHON_BYTES);
  g_autofree guchar *bytes = NULL;
  gsize length;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return g_variant_dup_string (value, NULL);
  if (base64 == NULL)
    return NULL;

  bytes = g_base64_decode (base64, &length);
  if (!g_utf8_validate_len ((const char *) bytes, length, NULL))
    return NULL;

  return g_strndup ((const char *) bytes, length);
}

/**
 * channels_ctl_python_get_tagged:
 * @value: a value
 * @tag: one of those above whose VALUE is text
 *
 * Returns: (transfer none) (nullable): the VALUE, which lives as long as @value; `NULL` for values
 *   with another tag or none
 */
const char *
channels_ctl_python_get_tagged (GVariant *value, const char *tag)
{
  const char *text = NULL;

  if (has_tag (value, tag))
    g_variant_lookup (value, CHANNELS_CTL_PYTHON_VALUE, "&s", &text);

  return text;
}

/**
 * channels_ctl_python_get_integer:
 * @value: a value
 * @out_integer: (out): the integer that it is
 *
 * Returns: whether it is an `int`, or a `float` without a fraction, that an int64 holds
 */
gboolean
channels_ctl_python_get_integer (GVariant *value, gint64 *out_integer)
{
  /* Doubles hold every integer up to 2^53. */
  const double most = (double) ((gint64) 1 << 53);

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT64))
    {
      *out_integer = g_variant_get_int64 (value);
      return TRUE;
    }
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
    {
      double real = g_variant_get_double (value);

      if (real < -most || real > most || real > floor (real))
        return FALSE;
      *out_integer = (gint64) real;
      return TRUE;
    }

  return FALSE;
}
