/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-django-layer.h"

#include "channels-ctl-django-error.h"
#include "channels-ctl-django-host.h"
#include "channels-ctl-error.h"
#include "channels-ctl-python.h"

#include "channels-json.h"
#include "channels-layer-bounds.h"
#include "channels-limits.h"

#include <glib/gi18n.h>
#include <string.h>

/* Django's CHANNEL_LAYERS, as of channels_redis 4.0.0 to 4.3.0, to `[Layer]` of channels.conf. A
 * setting is taken over, or is an error, or there is a note that it is not: none is lost. It is an
 * error wherever channelsd would not understand Django, or not protect as it does. */

#define RANDOM_PREFIX                                                                              \
  12 /* bytes in front of a message: channels_redis' default, and channelsd's                      \
      */

/* Which settings a layer of Django has. */
typedef enum
{
  CORE = 1 << 0,
  PUBSUB = 1 << 1,
  MEMORY = 1 << 2,
} Backend;

static const struct
{
  const char *class;
  const char *name;
  Backend backend;
} backends[] = {
  { "channels_redis.core.RedisChannelLayer", "redis", CORE },
  { "channels_redis.pubsub.RedisPubSubChannelLayer", "redis-pubsub", PUBSUB },
  { "channels.layers.InMemoryChannelLayer", "memory", MEMORY },
};

static gboolean
set_hosts (ChannelsCtlSection *section, const char *name, GVariant *value, GError **error)
{
  g_autoptr (GPtrArray) urls = g_ptr_array_new_with_free_func (g_free);
  gsize n = channels_ctl_python_is_list (value) ? g_variant_n_children (value) : 0;

  if (!channels_ctl_python_is_list (value))
    return channels_ctl_django_fail_type (error, name, _ ("a list"), value);
  if (n > CHANNELS_LAYER_ITEMS_MAX)
    return channels_ctl_django_fail (error, name, _ ("more than %d are not allowed"),
                                     CHANNELS_LAYER_ITEMS_MAX);

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) item = channels_ctl_python_get_item (value, i);
      g_autofree char *item_name = g_strdup_printf ("%s[%" G_GSIZE_FORMAT "]", name, i);
      char *url = channels_ctl_django_host_to_url (item, item_name, section, error);

      if (url == NULL)
        return FALSE;
      g_ptr_array_add (urls, url);
    }

  /* What channels_redis takes where there are none. */
  if (urls->len == 0)
    g_ptr_array_add (urls, g_strdup ("redis://localhost:6379"));
  channels_ctl_section_add_list (section, "Hosts", urls);
  return TRUE;
}

static gboolean
set_prefix (ChannelsCtlSection *section, const char *name, GVariant *value, GError **error)
{
  g_autofree char *prefix = channels_ctl_python_dup_text (value);
  gboolean good;

  if (prefix == NULL)
    return channels_ctl_django_fail_type (error, name, _ ("text"), value);

  good = prefix[0] != '\0' && strlen (prefix) <= CHANNELS_LAYER_PREFIX_MAX;
  for (const char *p = prefix; good && *p != '\0'; p = g_utf8_next_char (p))
    good = g_unichar_isgraph (g_utf8_get_char (p));
  if (!good)
    return channels_ctl_django_fail (
        error, name, _ ("1 to %d bytes without white space are wanted"), CHANNELS_LAYER_PREFIX_MAX);

  channels_ctl_section_add (section, "Prefix", prefix);
  return TRUE;
}

static gboolean
add_integer (ChannelsCtlSection *section,
             const char *key,
             const char *name,
             GVariant *value,
             int maximum,
             GError **error)
{
  g_autofree char *text = NULL;
  gint64 integer;

  if (!channels_ctl_django_get_integer (value, name, 1, maximum, &integer, error))
    return FALSE;

  text = g_strdup_printf ("%" G_GINT64_FORMAT, integer);
  channels_ctl_section_add (section, key, text);
  return TRUE;
}

static gboolean
set_expiry (ChannelsCtlSection *section, const char *name, GVariant *value, GError **error)
{
  return add_integer (section, "Expiry", name, value, CHANNELS_LAYER_EXPIRY_MAX, error);
}

static gboolean
set_group_expiry (ChannelsCtlSection *section, const char *name, GVariant *value, GError **error)
{
  return add_integer (section, "GroupExpiry", name, value, CHANNELS_LAYER_GROUP_EXPIRY_MAX, error);
}

static gboolean
set_capacity (ChannelsCtlSection *section, const char *name, GVariant *value, GError **error)
{
  return add_integer (section, "Capacity", name, value, CHANNELS_LAYER_CAPACITY_MAX, error);
}

typedef struct
{
  ChannelsCtlSection *section; /* (unowned) */
  const char *name;            /* (unowned) */
  GPtrArray *items;            /* (owned) */
} Capacities;

static gboolean
is_pattern (const char *text)
{
  gsize length = strlen (text);

  return length > 0 && length <= CHANNELS_LAYER_CHANNEL_CAPACITY_PATTERN_MAX &&
         strspn (text, CHANNELS_LAYER_CHANNEL_CAPACITY_PATTERN) == length;
}

static gboolean
add_capacity (GVariant *key, GVariant *value, gpointer user_data, GError **error)
{
  Capacities *self = user_data;
  g_autofree char *pattern = channels_ctl_python_dup_text (key);
  const char *expression = channels_ctl_python_get_tagged (key, CHANNELS_CTL_PYTHON_PATTERN);
  g_autofree char *name = NULL;
  gint64 capacity;

  if (pattern == NULL && expression == NULL)
    return channels_ctl_django_fail_type (error, self->name, _ ("a pattern"), key);

  name = expression != NULL ? g_strdup_printf ("%s[re.compile(\"%s\")]", self->name, expression)
                            : g_strdup_printf ("%s[\"%s\"]", self->name, pattern);
  if (!channels_ctl_django_get_integer (value, name, 1, CHANNELS_LAYER_CAPACITY_MAX, &capacity,
                                        error))
    return FALSE;

  if (expression != NULL)
    channels_ctl_section_add_note (
        self->section, _ ("not taken over, since channelsd has no regular expressions: %s"), name);
  else if (!is_pattern (pattern))
    channels_ctl_section_add_note (
        self->section, _ ("not taken over, since no channel has such a name: %s"), name);
  else
    g_ptr_array_add (self->items, g_strdup_printf ("%s:%" G_GINT64_FORMAT, pattern, capacity));

  return TRUE;
}

static gboolean
set_channel_capacity (ChannelsCtlSection *section,
                      const char *name,
                      GVariant *value,
                      GError **error)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_free);
  Capacities capacities = { section, name, items };

  if (!channels_ctl_python_is_dict (value))
    return channels_ctl_django_fail_type (error, name, _ ("a dictionary"), value);
  if (!channels_ctl_python_foreach (value, add_capacity, &capacities, error))
    return FALSE;
  if (items->len > CHANNELS_LAYER_ITEMS_MAX)
    return channels_ctl_django_fail (error, name, _ ("more than %d are not allowed"),
                                     CHANNELS_LAYER_ITEMS_MAX);

  if (items->len > 0)
    channels_ctl_section_add_list (section, "ChannelCapacity", items);
  return TRUE;
}

/* A form feed at an end has no escape in a keyfile. */
static gboolean
is_key (const char *text)
{
  return *text != '\0' && *text != '\f' && !g_str_has_suffix (text, "\f");
}

static gboolean
set_keys (ChannelsCtlSection *section, const char *name, GVariant *value, GError **error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  gsize n = channels_ctl_python_is_list (value) ? g_variant_n_children (value) : 0;

  if (!channels_ctl_python_is_list (value))
    return channels_ctl_django_fail_type (error, name, _ ("a list"), value);
  if (n > CHANNELS_LAYER_ITEMS_MAX)
    return channels_ctl_django_fail (error, name, _ ("more than %d are not allowed"),
                                     CHANNELS_LAYER_ITEMS_MAX);

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) item = channels_ctl_python_get_item (value, i);
      g_autofree char *key = channels_ctl_python_dup_text (item);
      g_autofree char *item_name = g_strdup_printf ("%s[%" G_GSIZE_FORMAT "]", name, i);

      if (key == NULL || !is_key (key))
        return channels_ctl_django_fail (
            error, item_name, _ ("text is wanted, not empty, or its bytes in UTF-8 without NUL"));
      g_ptr_array_add (keys, g_steal_pointer (&key));
    }

  if (keys->len > 0)
    channels_ctl_section_add_list (section, "SymmetricEncryptionKeys", keys);
  section->secret = section->secret || keys->len > 0;
  return TRUE;
}

static gboolean
check_format (ChannelsCtlSection *section, const char *name, GVariant *value, GError **error)
{
  g_autofree char *format = channels_ctl_python_dup_text (value);

  return g_strcmp0 (format, "msgpack") == 0 ||
         channels_ctl_django_fail (error, name,
                                   _ ("channelsd speaks msgpack only: with another format, Django "
                                      "would not understand it"));
}

static gboolean
check_random_prefix (ChannelsCtlSection *section, const char *name, GVariant *value, GError **error)
{
  gint64 length;

  return (channels_ctl_python_get_integer (value, &length) && length == RANDOM_PREFIX) ||
         channels_ctl_django_fail (error, name, _ ("channelsd has no other than %d"),
                                   RANDOM_PREFIX);
}

/* In the order of channels.conf(5). Without `none`, `None` is as if it were not there. */
static const struct
{
  const char *name;
  guint backends;
  gboolean none;
  gboolean (*set) (ChannelsCtlSection *section, const char *name, GVariant *value, GError **error);
} settings[] = {
  { "hosts", CORE | PUBSUB, FALSE, set_hosts },
  { "prefix", CORE | PUBSUB, TRUE, set_prefix },
  { "expiry", CORE, TRUE, set_expiry },
  { "group_expiry", CORE, TRUE, set_group_expiry },
  { "capacity", CORE, TRUE, set_capacity },
  { "channel_capacity", CORE, FALSE, set_channel_capacity },
  { "symmetric_encryption_keys", CORE | PUBSUB, FALSE, set_keys },
  { "serializer_format", CORE | PUBSUB, TRUE, check_format },
  { "random_prefix_length", CORE, TRUE, check_random_prefix },
};

static gboolean
is_setting (const char *name, Backend backend)
{
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if ((settings[i].backends & backend) != 0 && g_str_equal (settings[i].name, name))
      return TRUE;

  return FALSE;
}

static gboolean
set_settings (ChannelsCtlSection *section, GVariant *config, Backend backend, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      g_autoptr (GVariant) value = channels_ctl_python_get_member (config, settings[i].name);

      if ((settings[i].backends & backend) == 0)
        continue;
      if (value != NULL && channels_ctl_python_is_none (value) && !settings[i].none)
        g_clear_pointer (&value, g_variant_unref);

      /* Django's default hosts are not channelsd's. */
      if (value == NULL && settings[i].set == set_hosts)
        value = g_variant_ref_sink (g_variant_new ("av", NULL));
      if (value != NULL && !settings[i].set (section, settings[i].name, value, error))
        return FALSE;
    }

  return TRUE;
}

typedef struct
{
  ChannelsCtlSection *section; /* (unowned) */
  Backend backend;             /* 0: the members beside CONFIG */
} Rest;

/* What nothing is made of. */
static gboolean
note_rest (GVariant *key, GVariant *value, gpointer user_data, GError **error)
{
  const Rest *self = user_data;
  g_autofree char *name = channels_ctl_python_dup_text (key);

  if (name == NULL)
    return channels_ctl_django_fail_type (error, "CONFIG", _ ("text"), key);

  if (self->backend == 0 ? !g_str_equal (name, "BACKEND") && !g_str_equal (name, "CONFIG")
                         : !is_setting (name, self->backend))
    channels_ctl_section_add_note (self->section, _ ("not taken over: %s"), name);
  return TRUE;
}

static gboolean
convert_layer (ChannelsCtlSection *section, const char *name, GVariant *layer, GError **error)
{
  g_autoptr (GVariant) class_value = NULL;
  g_autoptr (GVariant) config = NULL;
  g_autofree char *class = NULL;
  guint i = 0;

  if (!channels_ctl_python_is_dict (layer))
    return channels_ctl_django_fail_type (error, name, _ ("a dictionary"), layer);

  class_value = channels_ctl_python_get_member (layer, "BACKEND");
  class = class_value != NULL ? channels_ctl_python_dup_text (class_value) : NULL;
  while (i < G_N_ELEMENTS (backends) && g_strcmp0 (backends[i].class, class) != 0)
    i++;
  if (i == G_N_ELEMENTS (backends))
    return channels_ctl_django_fail (
        error, "BACKEND", _ ("channelsd has no counterpart of “%s”, but of %s, %s and %s"),
        class != NULL ? class : "", backends[0].class, backends[1].class, backends[2].class);

  config = channels_ctl_python_get_member (layer, "CONFIG");
  if (config == NULL)
    config = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
  if (!channels_ctl_python_is_dict (config))
    return channels_ctl_django_fail_type (error, "CONFIG", _ ("a dictionary"), config);

  channels_ctl_section_add (section, "Backend", backends[i].name);
  if (backends[i].backend == MEMORY)
    channels_ctl_section_add_note (
        section, _ ("the memory layer carries nothing between processes: Django will not hear"
                    " channelsd, nor channelsd Django"));

  return set_settings (section, config, backends[i].backend, error) &&
         channels_ctl_python_foreach (config, note_rest, &(Rest){ section, backends[i].backend },
                                      error) &&
         channels_ctl_python_foreach (layer, note_rest, &(Rest){ section, 0 }, error);
}

static gboolean
list_alias (GVariant *key, GVariant *value, gpointer user_data, GError **error)
{
  GString *list = user_data;
  g_autofree char *name = channels_ctl_python_dup_text (key);

  g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", name != NULL ? name : "…");
  return TRUE;
}

static GVariant *
find_layer (GVariant *layers, const char *alias, GError **error)
{
  g_autoptr (GString) list = g_string_new (NULL);
  GVariant *layer;

  if (!channels_ctl_python_is_dict (layers))
    {
      channels_ctl_django_fail_type (error, "CHANNEL_LAYERS", _ ("a dictionary"), layers);
      return NULL;
    }

  layer = channels_ctl_python_get_member (layers, alias);
  if (layer != NULL)
    return layer;

  channels_ctl_python_foreach (layers, list_alias, list, NULL);
  if (list->len > 0)
    channels_ctl_django_fail (error, "CHANNEL_LAYERS", _ ("there is no “%s”, but: %s"), alias,
                              list->str);
  else
    channels_ctl_django_fail (error, "CHANNEL_LAYERS", _ ("there are none"));
  return NULL;
}

/**
 * channels_ctl_django_layer_convert:
 * @json: `CHANNEL_LAYERS` as JSON, with the tags of `channels-ctl-python.h` or without; need not
 * end with NUL
 * @length: bytes of @json
 * @alias: which layer
 * @origin: for the section's first comment
 * @out_section: (out caller-allocates): `[Layer]`
 * @error: return location for a `GError`, or `NULL`
 *
 * Says a channel layer of Django as a section of channels.conf that channelsd takes.
 *
 * Fails with `CHANNELS_CTL_ERROR_FAILED` where it cannot; the message has nothing that could be a
 * secret. @out_section is as it was then.
 *
 * Returns: `TRUE`, or `FALSE` with @error set
 */
gboolean
channels_ctl_django_layer_convert (const char *json,
                                   gsize length,
                                   const char *alias,
                                   const char *origin,
                                   ChannelsCtlSection *out_section,
                                   GError **error)
{
  guint max_depth = channels_limit_get_info (CHANNELS_LIMIT_NESTING)->value;
  g_autoptr (GError) json_error = NULL;
  g_autoptr (GVariant) layers = NULL;
  g_autoptr (GVariant) layer = NULL;
  g_auto (ChannelsCtlSection) section = { 0 };

  g_return_val_if_fail (json != NULL || length == 0, FALSE);
  g_return_val_if_fail (alias != NULL, FALSE);
  g_return_val_if_fail (origin != NULL, FALSE);
  g_return_val_if_fail (out_section != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  layers = channels_json_to_variant (json, length, max_depth, &json_error);
  if (layers == NULL)
    return channels_ctl_django_fail (error, "CHANNEL_LAYERS", _ ("that is not JSON: %s"),
                                     json_error->message);

  /* Serialised now, so that borrowed strings stay where they are. */
  g_variant_ref_sink (layers);
  g_variant_get_data (layers);

  layer = find_layer (layers, alias, error);
  if (layer == NULL)
    return FALSE;

  channels_ctl_section_init (&section, "Layer", origin);
  if (!convert_layer (&section, alias, layer, error))
    return FALSE;

  *out_section = section;
  memset (&section, 0, sizeof section);
  return TRUE;
}
