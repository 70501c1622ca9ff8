{# What to select for a table that files deliver, or none where there are none: {sql, readings}. #}
{% macro files_plan(tabla, mapping) -%}
    {%- if source_kind() in ('http', 's3') -%}
        {%- do load_extension('httpfs') -%}
    {%- endif -%}
    {%- set files = mapped_files(mapping) if 'files' in mapping.options else table_files(tabla) -%}
    {%- if not files and mapping.options.get('files') -%}
        {{ stop("Mapping file " ~ mapping.file ~ ": no file in " ~ source_address() ~ " matches " ~ mapping.options.files
            ~ ". Correct the line '-- files:', or deliver the files.") }}
    {%- endif -%}
    {%- if not files -%}
        {{ return(plan_without_entrega(tabla, mapping, "-- files: *.xlsx")) }}
    {%- endif -%}
    {%- set formats = [] -%}
    {%- for file in files -%}
        {%- do formats.append(format_of(file)) if format_of(file) not in formats -%}
    {%- endfor -%}
    {%- if formats | length > 1 -%}
        {{ stop("Table " ~ tabla ~ " is delivered in more than one format: " ~ files | join(', ')
            ~ ". Leave one of them, so that it is clear which one counts.") }}
    {%- endif -%}
    {%- if formats[0] == 'parquet' -%}
        {{ return(parquet_plan(files)) }}
    {%- elif formats[0] == 'csv' -%}
        {{ return(csv_plan(tabla, files, mapping)) }}
    {%- elif formats[0] in workbook_endings() -%}
        {{ return(workbook_plan(tabla, files, mapping)) }}
    {%- endif -%}
    {{ stop("Table " ~ tabla ~ ": " ~ files | join(', ') ~ " can't be read. Save it as .parquet, .csv or .xlsx.") }}
{%- endmacro %}

{% macro format_of(file) -%}
    {%- set ending = file.rpartition('.')[2] | lower -%}
    {{ return('csv' if ending in ('txt', 'tsv') else ending) }}
{%- endmacro %}

{# The endings of workbooks, as flows/reading/workbooks.py has them. #}
{% macro workbook_endings() -%}
    {{ return(['xlsx', 'xlsm', 'xlsb', 'xls', 'ods']) }}
{%- endmacro %}

{# <table>.<ending> and <table>/*.<ending>. Hidden files, and those that Excel leaves while a workbook is open, are none. #}
{% macro table_files(tabla) -%}
    {%- set endings = '[.](parquet|csv|txt|tsv|' ~ workbook_endings() | join('|') ~ ')$' -%}
    {%- set found = [] -%}
    {%- for file in all_files([tabla ~ '.*', tabla ~ '/*']) -%}
        {%- if modules.re.search('(?i)(^|/)' ~ tabla ~ '(/[^/.~][^/]*)?' ~ endings, file) -%}
            {%- do found.append(file) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# The files that a mapping names: patterns below the source, with commas between them. #}
{% macro mapped_files(mapping) -%}
    {%- set found = [] -%}
    {%- for file in all_files(mapping.options.files.split(',') | map('trim') | list) if not modules.re.search('(^|/)[.~][^/]*$', file) -%}
        {%- do found.append(file) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# The source's files that match any of the patterns, in order. HTTP can't list a folder: there the file files.txt says what is
   in it, a name a line. #}
{% macro all_files(patterns) -%}
    {%- set parts = [] -%}
    {%- for pattern in patterns -%}
        {%- if source_kind() == 'http' -%}
            {%- do parts.append(
                "select " ~ quoted(source_address() ~ '/') ~ " || trim(nombre) as file from read_csv(" ~ as_path(source_address() ~ '/files.txt')
                ~ ", columns = {'nombre': 'varchar'}, header = false, auto_detect = false, delim = '\t') where trim(nombre) glob " ~ quoted(pattern)
                ~ " and not list_contains(string_split(trim(nombre), '/'), '..')"
            ) -%}
        {%- else -%}
            {%- do parts.append("select file from glob(" ~ as_path(source_address()) ~ " || '/' || " ~ quoted(pattern) ~ ")") -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(run_query(parts | join(' union ') ~ " order by file").columns[0].values() | list) }}
{%- endmacro %}


{% macro parquet_plan(files) -%}
    {%- set readings = [] -%}
    {%- for file in files -%}
        {%- do readings.append({'archivo': file, 'formato': 'parquet'}) -%}
    {%- endfor -%}
    {{ return({
        'sql': "(select " ~ sin_procedencia() ~ ", filename as archivo, file_row_number + 1 as fila from read_parquet("
            ~ paths(files) ~ ", filename = true, file_row_number = true, union_by_name = true, hive_partitioning = false))",
        'readings': readings,
    }) }}
{%- endmacro %}

{# Every column but those that say where a row is from, whatever the source calls its own. #}
{% macro sin_procedencia() -%}
    {{ return("columns(lambda c: lower(c) not in ('archivo', 'fila', 'filename', 'file_row_number') and not starts_with(c, 'sin_nombre_'))") }}
{%- endmacro %}

{% macro list_of(texts) -%}
    {%- set items = [] -%}
    {%- for text in texts -%}
        {%- do items.append(quoted(text)) -%}
    {%- endfor -%}
    {{ return('[' ~ items | join(', ') ~ ']') }}
{%- endmacro %}

{% macro paths(files) -%}
    {%- set items = [] -%}
    {%- for file in files -%}
        {%- do items.append(as_path(file)) -%}
    {%- endfor -%}
    {{ return('[' ~ items | join(', ') ~ ']') }}
{%- endmacro %}


{# Text files, of any encoding and separator, with or without a title above the heading: found out file by file (flows/reading/texts.py).
   Files that agree in separator and columns are read together. #}
{% macro csv_plan(tabla, files, mapping) -%}
    {%- set groups = {} -%}
    {%- set readings = [] -%}
    {%- for file, bytes, look in run_query(
        "select filename, octet_length(content), aforo_text(filename, content) from read_blob(" ~ paths(files) ~ ") order by filename"
    ).rows -%}
        {%- set found = fromjson(look) -%}
        {%- if bytes == 0 or not found.columns -%}
            {{ stop("Table " ~ tabla ~ ": the file " ~ file ~ " is empty. Export it again.") }}
        {%- endif -%}
        {{ stop_on_repeated(tabla, file, found, mapping) }}
        {%- set key = found.separator ~ found.columns | join('\0') -%}
        {%- set dialect = "delim = " ~ quoted(found.separator) ~ ", quote = '\"', escape = '\"'" -%}
        {%- do groups.setdefault(key, {'dialect': dialect, 'names': found.columns, 'files': [], 'copies': []}) -%}
        {%- do groups[key].files.append(file) -%}
        {%- do groups[key].copies.append(found.path) -%}
        {%- do readings.append({'archivo': file, 'formato': 'csv', 'codificacion': found.encoding,
            'separador': 'tab' if found.separator == '\t' else found.separator}) -%}
    {%- endfor -%}
    {# A heading that is there again, as on each page of a report, is no row. #}
    {%- set parts = [] -%}
    {%- for group in groups.values() -%}
        {%- set columns = [] -%}
        {%- set as_heading = [] -%}
        {%- for name in group.names -%}
            {%- do columns.append(quoted(name) ~ ": 'varchar'") -%}
            {%- do as_heading.append("coalesce(trim(" ~ identifier(name) ~ ") = " ~ quoted(name) ~ ", false)") if not name.startswith('sin_nombre_') -%}
        {%- endfor -%}
        {%- do parts.append(
            "select * replace (map(" ~ list_of(group.copies) ~ ", " ~ list_of(group.files) ~ ")[archivo] as archivo,"
            ~ " fila - min(fila) over (partition by archivo) + 1 as fila) from (select " ~ sin_procedencia()
            ~ ", filename as archivo, row_number() over () as fila from read_csv(" ~ paths(group.copies) ~ ", " ~ group.dialect
            ~ ", header = true, auto_detect = false, hive_partitioning = false, columns = {" ~ columns | join(', ') ~ "}, filename = true))"
            ~ " where not (" ~ as_heading | join(" and ") ~ ")"
        ) -%}
    {%- endfor -%}
    {{ return({'sql': "(" ~ parts | join(" union all by name ") ~ ")", 'readings': readings}) }}
{%- endmacro %}


{# Workbooks, one sheet of each or those that a pattern names (flows/reading/workbooks.py). `fila` is the sheet's own row. #}
{% macro workbook_plan(tabla, files, mapping) -%}
    {%- set readings = [] -%}
    {%- set copies = [] -%}
    {%- for file, look in run_query(
        "select filename, aforo_workbook(filename, content, " ~ quoted(tojson(mapping.options)) ~ ") from read_blob(" ~ paths(files) ~ ") order by filename"
    ).rows -%}
        {%- set found = fromjson(look) -%}
        {{ stop_on_repeated(tabla, file, found, mapping) }}
        {%- if found.unread -%}
            {{ stop("Table " ~ tabla ~ ": the workbook " ~ file ~ " has " ~ found.unread | length ~ " more sheets with the heading of the first, such as "
                ~ found.unread[-1] ~ ". Say in the mapping whether all count or one: -- sheet: * or -- sheet: name; `aforo init-source` drafts it") }}
        {%- endif -%}
        {%- do copies.append(found.path) -%}
        {%- do readings.append({'archivo': file, 'formato': file.rpartition('.')[2] | lower}) -%}
    {%- endfor -%}
    {{ return({
        'sql': "(select " ~ sin_procedencia() ~ ", map(" ~ list_of(copies) ~ ", " ~ list_of(readings | map(attribute='archivo'))
            ~ ")[filename] as archivo, fila from read_parquet(" ~ paths(copies)
            ~ ", filename = true, union_by_name = true, hive_partitioning = false))",
        'readings': readings,
    }) }}
{%- endmacro %}

{# Two columns of one heading: no one can tell which counts, but a mapping, which knows each with its place at the end of its name. #}
{% macro stop_on_repeated(tabla, file, found, mapping) -%}
    {%- if 'query' not in mapping -%}
        {%- for name, places in found.repeated.items() if name in contract_of(tabla).columns | map(attribute='name') -%}
            {{ stop("Table " ~ tabla ~ ", column " ~ name ~ ": " ~ file ~ " has it " ~ places | length ~ " times, as columns "
                ~ places | join(', ') ~ ". Leave the one that counts; or say in a mapping which it is: \"" ~ name ~ "_" ~ places[0] ~ "\" as " ~ name) }}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
