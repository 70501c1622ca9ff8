{% snapshot snapshot__vacantes_estandar %}

{{ config(unique_key=['periodo', 'linea', 'nivel']) }}

select * exclude (archivo, fila, problemas)
from {{ ref('landing__vacantes_estandar') }}

{% endsnapshot %}
