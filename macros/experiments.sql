{# The schemas of the challengers that stand on what the champion stands on (model pronosticos_juzgados, its column base). One that stands
   on something else, or has other columns, is of before: it is left out. #}
{% macro challengers(champion) -%}
    {%- if not execute -%}{{ return([]) }}{%- endif -%}
    {%- set found = run_query(
        "select schema_name from (select schema_name, list(column_name || ' ' || data_type order by column_index) as columnas from duckdb_columns() "
        ~ "where database_name = current_database() and table_name = '" ~ champion.identifier ~ "' group by schema_name) "
        ~ "qualify columnas = max(columnas) filter (where schema_name = '" ~ champion.schema ~ "') over () "
        ~ "and schema_name <> '" ~ champion.schema ~ "' order by schema_name"
    ) -%}
    {%- set schemas = [] -%}
    {%- for row in found.rows -%}
        {%- set same = run_query(
            "select bool_and(base in (select any_value(c.base) from " ~ champion ~ " as c)) from " ~ row[0] ~ "." ~ champion.identifier
        ) -%}
        {%- if same.rows[0][0] -%}{%- do schemas.append(row[0]) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(schemas) }}
{%- endmacro %}


{# The chance of a t so far from 0, on either side, with `df` degrees of freedom (whole numbers): exact, by the finite series of Abramowitz
   and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4. #}
{% macro t_two_sided(t, df) -%}
    {%- set cosine -%} sqrt({{ df }} / ({{ df }} + pow({{ t }}, 2))) {%- endset -%}
    {%- set sine -%} abs({{ t }}) / sqrt({{ df }} + pow({{ t }}, 2)) {%- endset -%}
    case
        when {{ df }} % 2 = 1 then
            1 - 2 / pi() * (
                atan(abs({{ t }}) / sqrt({{ df }}))
                + {{ sine }} * coalesce(list_sum(list_transform(
                    range(({{ df }} - 1) // 2),
                    lambda k: pow({{ cosine }}, 2 * k + 1)
                    * coalesce(list_product(list_transform(range(1, k + 1), lambda j: 2 * j / (2 * j + 1))), 1)
                )), 0)
            )
        else
            1 - {{ sine }} * list_sum(list_transform(
                range({{ df }} // 2),
                lambda k: pow({{ cosine }}, 2 * k)
                * coalesce(list_product(list_transform(range(1, k + 1), lambda j: (2 * j - 1) / (2 * j))), 1)
            ))
    end
{%- endmacro %}
