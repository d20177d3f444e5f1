#include <stdio.h>

#include "base/text.h"
#include "client/client.h"
#include "client/commands.h"
#include "client/exit.h"
#include "client/table.h"

static const char *shown_value(const struct setting *setting)
{
    if (!setting->value)
        return "";
    return text_equal(setting->name, "token") ? "(set)" : setting->value;
}

static void write_json(const struct settings *settings, bool lines)
{
    struct text_buffer text = {0};
    text_buffer_add(&text, lines ? "" : "[");
    for (unsigned id = 0; id < SETTING_COUNT; id++) {
        const struct setting *setting = &settings->of[id];
        text_buffer_add(&text, id ? (lines ? "\n" : ",\n ") : "");
        text_buffer_format(&text, "{\"name\":\"%s\",\"value\":", setting->name);
        text_buffer_add_json(&text, shown_value(setting), 0);
        text_buffer_add(&text, ",\"source\":");
        text_buffer_add_json(&text, setting->source ? setting->source : "", 0);
        text_buffer_add(&text, "}");
    }
    text_buffer_add(&text, lines ? "\n" : "]\n");
    fwrite(text.bytes, 1, text.size, stdout);
    text_buffer_fini(&text);
}

static void write_csv(const struct output *output, const struct settings *settings)
{
    if (output->headers)
        output_csv_row(output, (const char *const[]){"name", "value", "source"}, 3);
    for (unsigned id = 0; id < SETTING_COUNT; id++) {
        const struct setting *setting = &settings->of[id];
        const char *cells[] = {setting->name, shown_value(setting), setting->source ? setting->source : ""};
        output_csv_row(output, cells, 3);
    }
}

int cmd_config(struct client *client)
{
    static const struct table_column columns[] = {
        {.title = "SETTING"}, {.title = "VALUE", .least = 20}, {.title = "FROM", .least = 20}};
    const struct settings *settings = &client->settings;
    enum output_format format = output_format(&client->output, true);
    if (format == OUTPUT_JSON || format == OUTPUT_JSONL) {
        write_json(settings, format == OUTPUT_JSONL);
        return EXIT_DONE;
    }
    if (format == OUTPUT_CSV) {
        write_csv(&client->output, settings);
        return EXIT_DONE;
    }
    struct table *table = table_new(client->arena, columns, sizeof columns / sizeof *columns);
    for (unsigned id = 0; id < SETTING_COUNT; id++) {
        const struct setting *setting = &settings->of[id];
        const char *cells[] = {setting->name, shown_value(setting),
                               setting->source ? setting->source : "not set"};
        table_add(table, cells);
    }
    output_table(&client->output, table);
    if (settings->file)
        output_line(&client->output, "configuration file: %s", settings->file);
    return EXIT_DONE;
}
