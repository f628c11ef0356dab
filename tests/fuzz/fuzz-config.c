/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fuzz.h"

#include "channels-config.h"

/* A configuration: whatever the text, there are values or mistakes, and never both. */

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GPtrArray) mistakes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (ChannelsConfig) config =
      channels_config_load_from_data ((const char *) data, size, "fuzz.conf", NULL, mistakes);

  g_assert_true ((config == NULL) == (mistakes->len > 0));
  for (guint i = 0; i < mistakes->len; i++)
    g_assert_true (g_utf8_validate (g_ptr_array_index (mistakes, i), -1, NULL));

  return 0;
}
