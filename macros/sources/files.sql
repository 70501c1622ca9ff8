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
        {{ return(csv_plan(tabla, files)) }}
    {%- elif formats[0] == 'xlsx' -%}
        {{ return(excel_plan(tabla, files, mapping.options)) }}
    {%- endif -%}
    {{ stop("Table " ~ tabla ~ ": " ~ files | join(', ') ~ " can't be read. Save it as .parquet, .csv or .xlsx.") }}
{%- endmacro %}

{% macro format_of(file) -%}
    {%- set ending = file.rpartition('.')[2] | lower -%}
    {{ return('csv' if ending in ('txt', 'tsv') else ending) }}
{%- endmacro %}

{# <table>.<ending> and <table>/*.<ending>. Hidden files, and those that Excel leaves while a workbook is open, are none. #}
{% macro table_files(tabla) -%}
    {%- set endings = '[.](parquet|csv|txt|tsv|xlsx|xls)$' -%}
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

{# Names of a header: none twice, none empty. A column without a name is left out. #}
{% macro header_names(values) -%}
    {%- set names = [] -%}
    {%- set seen = [] -%}
    {%- for value in values -%}
        {%- set name = (value or '') | trim -%}
        {%- set name = 'sin_nombre_' ~ loop.index if not name else name -%}
        {%- set name = name ~ '_' ~ loop.index if name | lower in seen else name -%}
        {%- do seen.append(name | lower) -%}
        {%- do names.append(name) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}


{# Text files. Encoding and separator are found out file by file; files that agree in them, and in their columns, are read together.
   DuckDB's own sniffer is not used: it leaves out lines that do not fit, and here they must be an error. #}
{% macro csv_plan(tabla, files) -%}
    {# A blob as text shows what is not ASCII as \xNN, in any encoding: the first line's separators stay countable. #}
    {%- set found = run_query(
        "with textos as (select filename as archivo, aforo_utf8(filename, content) as u, regexp_replace(split_part(replace(replace("
        ~ "content[:65536]::varchar, '\\x00', ''), '\\x0D', '\\x0A'), '\\x0A', 1), '\\\\x22.*?\\\\x22', '', 'g') as linea, octet_length(content) as bytes"
        ~ " from read_blob(" ~ paths(files) ~ ")), cuentas as (select *, unnest(["
        ~ "{'separador': ',', 'n': len(linea) - len(replace(linea, ',', ''))}, {'separador': ';', 'n': len(linea) - len(replace(linea, ';', ''))}, "
        ~ "{'separador': chr(9), 'n': (len(linea) - len(replace(linea, '\\x09', ''))) / 4}, {'separador': '|', 'n': len(linea) - len(replace(linea, '|', ''))}"
        ~ "], recursive := true) from textos)"
        ~ " select archivo, any_value(u.codificacion), any_value(coalesce(u.copia, archivo)), arg_max(separador, n), any_value(bytes)"
        ~ " from cuentas group by archivo order by archivo"
    ).rows -%}
    {%- set groups = {} -%}
    {%- set readings = [] -%}
    {%- for file, encoding, copy, separator, bytes in found -%}
        {%- if bytes == 0 -%}
            {{ stop("Table " ~ tabla ~ ": the file " ~ file ~ " is empty. Export it again.") }}
        {%- endif -%}
        {%- set dialect = "delim = " ~ quoted(separator) ~ ", quote = '\"', escape = '\"'" -%}
        {%- set header = run_query(
            "select * from read_csv(" ~ as_path(copy) ~ ", " ~ dialect
            ~ ", header = false, skip = 0, all_varchar = true, null_padding = true, strict_mode = false, sample_size = 1) limit 1"
        ) -%}
        {%- set names = header_names(header.rows[0].values() if header.rows else []) -%}
        {%- set key = separator ~ names | join('\0') -%}
        {%- do groups.setdefault(key, {'dialect': dialect, 'names': names, 'files': [], 'copies': []}) -%}
        {%- do groups[key].files.append(file) -%}
        {%- do groups[key].copies.append(copy) -%}
        {%- do readings.append({'archivo': file, 'formato': 'csv', 'codificacion': encoding,
            'separador': 'tab' if separator == '\t' else separator}) -%}
    {%- endfor -%}
    {%- set parts = [] -%}
    {%- for group in groups.values() -%}
        {%- set columns = [] -%}
        {%- for name in group.names -%}
            {%- do columns.append(quoted(name) ~ ": 'varchar'") -%}
        {%- endfor -%}
        {%- do parts.append(
            "select * replace (map(" ~ list_of(group.copies) ~ ", " ~ list_of(group.files) ~ ")[archivo] as archivo,"
            ~ " fila - min(fila) over (partition by archivo) + 1 as fila) from (select " ~ sin_procedencia()
            ~ ", filename as archivo, row_number() over () as fila from read_csv(" ~ paths(group.copies) ~ ", " ~ group.dialect
            ~ ", header = true, auto_detect = false, hive_partitioning = false, columns = {" ~ columns | join(', ') ~ "}, filename = true))"
        ) -%}
    {%- endfor -%}
    {{ return({'sql': "(" ~ parts | join(" union all by name ") ~ ")", 'readings': readings}) }}
{%- endmacro %}


{# Workbooks, one sheet of each. The heading is the row that the mapping says, or else the first that fills at least half of the columns that the
   fullest of the first twenty does: a title above it has one cell. `fila` is the sheet's own row. #}
{% macro excel_plan(tabla, files, options) -%}
    {%- do load_extension('excel') -%}
    {%- set sheet = ", sheet = " ~ quoted(options.sheet) if options.get('sheet') else "" -%}
    {%- set readings = [] -%}
    {%- set parts = [] -%}
    {%- for file in files -%}
        {%- set cells = run_query(
            "select fila, columna, valor from (unpivot (select row_number() over () as fila, * from read_xlsx(" ~ as_path(file)
            ~ ", header = false, all_varchar = true, stop_at_empty = false, range = 'A1:ZZ" ~ [options.get('header_row', 20) | int, 20] | max ~ "'" ~ sheet ~ "))"
            ~ " on columns(* exclude (fila)) into name columna value valor) where trim(valor) <> '' order by fila"
        ).rows -%}
        {%- set sizes = {} -%}
        {%- for row, _, _ in cells -%}
            {%- do sizes.update({row: sizes.get(row, 0) + 1}) -%}
        {%- endfor -%}
        {%- set found = namespace(row=options.get('header_row', 0) | int) -%}
        {%- for row, size in sizes.items() if not found.row and 2 * size >= sizes.values() | max -%}
            {%- set found.row = row -%}
        {%- endfor -%}
        {%- if not sizes.get(found.row) -%}
            {{ stop("Table " ~ tabla ~ ": the workbook " ~ file ~ " has no heading" ~ (" in row " ~ found.row if found.row else "")
                ~ ". Export it again, or say in the mapping which row it is: -- header_row: 2") }}
        {%- endif -%}
        {%- set letters = [] -%}
        {%- set headings = [] -%}
        {%- for row, letter, value in cells if row == found.row -%}
            {%- do letters.append(letter) -%}
            {%- do headings.append(value) -%}
        {%- endfor -%}
        {%- set columns = [] -%}
        {%- for name in header_names(headings) -%}
            {%- do columns.append(identifier(letters[loop.index0]) ~ " as " ~ identifier(name)) -%}
        {%- endfor -%}
        {%- do parts.append(
            "select " ~ sin_procedencia() ~ ", " ~ quoted(file) ~ " as archivo, fila from (select " ~ columns | join(', ') ~ ", "
            ~ found.row ~ " + row_number() over () as fila from read_xlsx(" ~ as_path(file) ~ ", header = false, all_varchar = true, stop_at_empty = false, range = 'A"
            ~ (found.row + 1) ~ ":" ~ last_letter(letters) ~ "1048576'" ~ sheet ~ ")) where coalesce(" ~ filled(headings) ~ ") is not null"
        ) -%}
        {%- do readings.append({'archivo': file, 'formato': 'xlsx'}) -%}
    {%- endfor -%}
    {{ return({'sql': "(" ~ parts | join(" union all by name ") ~ ")", 'readings': readings}) }}
{%- endmacro %}

{# The rightmost column: AB is right of Z. #}
{% macro last_letter(letters) -%}
    {%- set last = namespace(letter='A') -%}
    {%- for letter in letters if (letter | length, letter) > (last.letter | length, last.letter) -%}
        {%- set last.letter = letter -%}
    {%- endfor -%}
    {{ return(last.letter) }}
{%- endmacro %}

{% macro filled(headings) -%}
    {%- set names = [] -%}
    {%- for name in header_names(headings) -%}
        {%- do names.append(identifier(name)) -%}
    {%- endfor -%}
    {{ return(names | join(', ')) }}
{%- endmacro %}
