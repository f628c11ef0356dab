/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What Python's values that JSON does not have are tagged with, in the object that stands for each:
 * {"__python__": TAG, "value": VALUE}. django-layers.py makes them. */
#define CHANNELS_CTL_PYTHON_TAG "__python__"
#define CHANNELS_CTL_PYTHON_VALUE "value"
#define CHANNELS_CTL_PYTHON_BYTES "bytes"     /* VALUE is its base64 */
#define CHANNELS_CTL_PYTHON_PATTERN "pattern" /* a compiled regular expression: VALUE is it */
#define CHANNELS_CTL_PYTHON_DICT "dict"       /* with other keys than text: [[key, value], …] */
#define CHANNELS_CTL_PYTHON_CLASS "class"     /* a class: VALUE is its name */
#define CHANNELS_CTL_PYTHON_OTHER "other"     /* anything else: VALUE is its class' name */

/**
 * ChannelsCtlPythonItemFunc:
 * @key: a key of a dictionary
 * @value: what it leads to
 * @user_data: what was given with it
 * @error: return location for a `GError`, or `NULL`
 *
 * Returns: `TRUE` to go on; `FALSE` with @error set to end
 */
typedef gboolean (*ChannelsCtlPythonItemFunc) (GVariant *key,
                                               GVariant *value,
                                               gpointer user_data,
                                               GError **error);

gboolean channels_ctl_python_is_none (GVariant *value);

gboolean channels_ctl_python_is_list (GVariant *value);

gboolean channels_ctl_python_is_dict (GVariant *value);

char *channels_ctl_python_get_type (GVariant *value);

GVariant *channels_ctl_python_get_item (GVariant *list, gsize index);

GVariant *channels_ctl_python_get_member (GVariant *dict, const char *key);

gboolean channels_ctl_python_foreach (GVariant *dict,
                                      ChannelsCtlPythonItemFunc func,
                                      gpointer user_data,
                                      GError **error);

char *channels_ctl_python_dup_text (GVariant *value);

const char *channels_ctl_python_get_tagged (GVariant *value, const char *tag);

gboolean channels_ctl_python_get_integer (GVariant *value, gint64 *out_integer);

G_END_DECLS
