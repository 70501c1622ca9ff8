{# Half of a cycle, in periods. #}
{% macro half_cycle(alias) -%}(({{ alias }}.estaciones_por_ciclo + 1) // 2){%- endmacro %}

{# The last three periods of the season that a row of destinos is about, as far back as the calendar goes. #}
{% macro last_seasons(alias) -%}
(
                {{ alias }}.indice_misma_estacion,
                {{ alias }}.indice_misma_estacion - {{ alias }}.estaciones_por_ciclo,
                {{ alias }}.indice_misma_estacion - 2 * {{ alias }}.estaciones_por_ciclo
            )
{%- endmacro %}

{# How many of them are known, given the first period of the history; null where none is. #}
{% macro known_seasons(alias, run) -%}
least(3, ({{ alias }}.indice_misma_estacion - {{ run }}.primer_indice) // {{ alias }}.estaciones_por_ciclo + 1)
{%- endmacro %}

{# Whether an origin knows what became of the forecast of an earlier one, as many periods ahead. What a choice is learnt from. #}
{% macro knows_outcome(alias, earlier) -%}
{{ alias }}.h = {{ earlier }}.h and {{ alias }}.indice_origen >= {{ earlier }}.indice_origen + {{ earlier }}.h
{%- endmacro %}

{# What an earlier origin counts for at one that knows its outcome: half as much a cycle ago, so that what has changed is learnt soon. #}
{% macro recency(origin, earlier) -%}
0.5 ** (({{ origin }}.indice_origen - {{ earlier }}.indice_origen - {{ earlier }}.h) / {{ origin }}.estaciones_por_ciclo)
{%- endmacro %}
