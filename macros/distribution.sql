{# The grid of a distribution: so many quantiles, evenly spaced in chance: levels 1/40, 2/40, … 39/40. #}
{% macro puntos_de_cuantil() -%}39{%- endmacro %}

{% macro niveles() -%}
[{% for i in range(1, 40) %}{{ i / 40 }}{{ ', ' if not loop.last }}{% endfor %}]
{%- endmacro %}

{# The size class of a forecast for its distribution: finer than tramo where there is much to learn from. #}
{% macro tamano(media) -%}cast(floor(4 * ln(1 + {{ media }})) as integer){%- endmacro %}

{# Half width of a distribution without residuals: 1.3 times a Poisson's, as the scale of a logistic. #}
{% macro ancho_previo() -%}0.717{%- endmacro %}

{# P(demand >= n) of a row of distribuciones, or of marts.distribucion. The grid is read as that of a number that rounds to the demand: n
   students or more is n - 1/2 or more. Between two points a straight line, below the first positive one from the chance of nobody, and
   beyond the last the exponential that the last twentieth falls off by (by 10 students where even that is nobody). Without lambdas, so that
   DuckDB of any version reads it. #}
{% macro prob_al_menos(n, alias) -%}
{%- set q = alias ~ '.cuantiles' -%}
{%- set nobody = alias ~ '.prob_sin_dictar' -%}
{%- set x = 'greatest((' ~ n ~ ') - 0.5, 0.5)' -%}
{#- How many points lie below. -#}
{%- set below = '(list_position(list_sort(list_append(' ~ q ~ ', ' ~ x ~ ')), ' ~ x ~ ') - 1)' -%}
{%- set chance_below = 'greatest(' ~ below ~ ' / 40, ' ~ nobody ~ ')' -%}
{%- set from = 'greatest(coalesce(' ~ q ~ '[' ~ below ~ '], 0), 0.5)' -%}
case
        when ({{ n }}) <= 0 then 1
        when ({{ n }}) <= 1 then 1 - {{ nobody }}
        when {{ x }} <= {{ q }}[39]
            then
                1 - {{ chance_below }}
                - (({{ below }} + 1) / 40 - {{ chance_below }})
                * ({{ x }} - {{ from }}) / greatest({{ q }}[{{ below }} + 1] - {{ from }}, 0.000001)
        when {{ q }}[39] = 0 then (1 - {{ nobody }}) * exp(-({{ x }} - 0.5) / 10)
        else
            (1 - greatest(39 / 40, {{ nobody }})) * exp(
                -({{ x }} - {{ q }}[39]) * ln((1 - greatest(37 / 40, {{ nobody }})) / (1 - greatest(39 / 40, {{ nobody }})))
                / greatest({{ q }}[39] - greatest({{ q }}[37], 0.5), 0.5)
            )
    end
{%- endmacro %}

{# The continuous ranked probability score of a grid beside y, in students: twice the mean of the quantile losses. Nothing above `tope`, where
   that is known, is judged. #}
{% macro crps(quantiles) -%}
round(
            2 * list_avg([
                greatest(
                    i / 40 * (y - least({{ quantiles }}[i], coalesce(tope, {{ quantiles }}[i]))),
                    (i / 40 - 1) * (y - least({{ quantiles }}[i], coalesce(tope, {{ quantiles }}[i])))
                ) for i in range(1, {{ puntos_de_cuantil() }} + 1)
            ]),
            9
        )
{%- endmacro %}
