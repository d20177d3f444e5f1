#include "client/import_report.h"

#include <stdarg.h>
#include <stdio.h>

enum { MESSAGE_BYTES = 1024 };

void import_report_fault(struct import_report *report, const char *path, size_t line, const char *column,
                         const char *format, ...)
{
    char message[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    report->fault_count++;
    const struct import_fault fault = {path, line, column, message};
    report->fault(report->context, &fault);
}

void import_report_note(struct import_report *report, const char *path, const char *message)
{
    if (report->note)
        report->note(report->context, path, message);
}
