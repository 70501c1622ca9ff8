{# A forecast's mean and quantiles as the marts publish them. #}
{% macro published_quantiles(alias) -%}
    {%- for column in ['media', 'mediana', 'q025', 'q10', 'q90', 'q975'] -%}
    round({{ alias }}.{{ column }}, 4) as {{ column }}{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# Below which the next value lies with this chance, given a sorted list of n: the place p (n + 1) of it, and beyond the last in proportion, so
   that few values are not taken for all that can come. #}
{% macro quantile_of_the_next(sorted, chance) -%}
{%- set place = chance ~ ' * (len(' ~ sorted ~ ') + 1)' -%}
{%- set inside = 'greatest(least(' ~ place ~ ', len(' ~ sorted ~ ')), 1)' -%}
(
            {{ sorted }}[cast(floor({{ inside }}) as integer)]
            + ({{ inside }} - floor({{ inside }}))
            * ({{ sorted }}[cast(ceil({{ inside }}) as integer)] - {{ sorted }}[cast(floor({{ inside }}) as integer)])
        ) * greatest({{ place }} / len({{ sorted }}), 1)
{%- endmacro %}
