/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fuzz.h"

#include "channels-config.h"
#include "channels-ctl-django-layer.h"
#include "channels-ctl-error.h"

/* Django's CHANNEL_LAYERS: whatever the text, there is a section that channelsd takes, or there is
 * a reason. */

static void
check_section (const ChannelsCtlSection *section)
{
  g_autoptr (GPtrArray) mistakes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (ChannelsConfig) config = channels_config_load_from_data (
      section->text->str, section->text->len, "fuzz.conf", NULL, mistakes);

  if (config == NULL)
    g_error ("%s\n%s", (char *) g_ptr_array_index (mistakes, 0), section->text->str);
  for (guint i = 0; i < section->notes->len; i++)
    g_assert_true (g_utf8_validate (g_ptr_array_index (section->notes, i), -1, NULL));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_auto (ChannelsCtlSection) section = { 0 };
  g_autoptr (GError) error = NULL;

  if (channels_ctl_django_layer_convert ((const char *) data, size, "default", "fuzz", &section,
                                         &error))
    {
      g_assert_no_error (error);
      check_section (&section);
    }
  else
    {
      g_assert_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED);
      g_assert_null (section.text);
    }

  return 0;
}
